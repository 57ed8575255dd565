package main

import (
	"fmt"
	"os"
	"path"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"

	"github.com/nodeaudit/nodeaudit/api/rule/lint"
)

// disk is the root directory of a host, as lint looks at it. Links are followed within it.
type disk string

// Look returns what a path is. Where it cannot be looked at, it is missing.
func (d disk) Look(name string) (lint.Kind, string) {
	parent, err := securejoin.SecureJoin(string(d), path.Dir(name))
	if err != nil {
		return lint.Missing, ""
	}
	info, err := os.Lstat(path.Join(parent, path.Base(name)))
	switch {
	case err != nil:
		return lint.Missing, ""
	case info.IsDir():
		return lint.Directory, ""
	case info.Mode()&os.ModeSymlink == 0:
		return lint.Other, ""
	}
	inside, err := securejoin.SecureJoin(string(d), name)
	if err != nil {
		return lint.Missing, ""
	}
	return lint.Symlink, path.Join("/", strings.TrimPrefix(inside, strings.TrimRight(string(d), "/")))
}

// isRoot refuses what cannot be the root directory of a host.
func isRoot(root string) error {
	info, err := os.Stat(root)
	switch {
	case err != nil:
		return fmt.Errorf("--root: looking for the host's root directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("--root %s: it is not a directory", root)
	}
	return nil
}
