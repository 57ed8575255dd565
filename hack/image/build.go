package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const versionVariable = "github.com/nodeaudit/nodeaudit/internal/version.Version"

// build returns the program as bytes. No path, time or commit of this machine gets into it.
func build(ctx context.Context, o options, s spec) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "nodeaudit-image-")
	if err != nil {
		return nil, fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	file := filepath.Join(scratch, s.name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X "+versionVariable+"="+o.version, "-o", file, s.program)
	cmd.Dir = o.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+o.arch, "GOFLAGS=", "PWD="+o.root)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("building %s: %w", s.program, err)
	}
	return os.ReadFile(file)
}
