package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// source is a module at its version.
type source struct{ path, version, dir string }

func (s source) String() string { return s.path + " " + s.version }

func module(path string) (source, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", path).Output()
	if err != nil {
		return source{}, fmt.Errorf("asking go for %s: %w", path, err)
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if dir == "" {
		return source{}, fmt.Errorf("%s is not in the module cache: run `go mod download`", path)
	}
	return source{path, version, dir}, nil
}

var kernelVersion = regexp.MustCompile(`git clone --branch v([\d.]+) .*torvalds/linux`)

// kernel is the version of Linux whose headers x/sys was made from.
func (s source) kernel() (string, error) {
	content, err := os.ReadFile(filepath.Join(s.dir, "unix", "linux", "Dockerfile"))
	if err != nil {
		return "", err
	}
	match := kernelVersion.FindSubmatch(content)
	if match == nil {
		return "", errors.New("x/sys does not say which kernel it was made from")
	}
	return "Linux " + string(match[1]), nil
}

// constants are the names and numbers in files of the source that match a pattern with two groups.
func (s source) constants(pattern *regexp.Regexp, files ...string) (map[string]int64, error) {
	found, err := s.matches(pattern, files...)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s, %s: no constants found", s, strings.Join(files, ", "))
	}
	return found, err
}

// matches is constants of which there may be none.
func (s source) matches(pattern *regexp.Regexp, files ...string) (map[string]int64, error) {
	found := map[string]int64{}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(s.dir, file))
		if err != nil {
			return nil, err
		}
		for _, match := range pattern.FindAllStringSubmatch(string(content), -1) {
			n, err := strconv.ParseInt(match[2], 0, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			found[match[1]] = n
		}
	}
	return found, nil
}
