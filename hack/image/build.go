package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

const versionVariable = "github.com/nodeaudit/nodeaudit/internal/version.Version"

// tags leave out of the programs what nobody can reach: the pages with which gRPC shows its calls, and the templates of HTML for them.
const tags = "grpcnotrace"

// build returns the programs of an image, its own first.
func build(ctx context.Context, o options, s spec) ([]file, error) {
	program, err := compile(ctx, o, s.program)
	programs := []file{{s.name, program}}
	if err == nil && s.beside != "" {
		program, err = compile(ctx, o, s.beside)
		programs = append(programs, file{path.Base(s.beside), program})
	}
	return programs, err
}

// compile returns a program as bytes. No path, time or commit of this machine gets into it.
func compile(ctx context.Context, o options, program string) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "nodeaudit-image-")
	if err != nil {
		return nil, fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	file := filepath.Join(scratch, path.Base(program))
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X "+versionVariable+"="+o.version, "-o", file, program)
	cmd.Dir = o.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+o.arch, "GOFLAGS=", "PWD="+o.root)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("building %s: %w", program, err)
	}
	return os.ReadFile(file)
}
