//go:build vm

package vm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const project = "../.."

// What TestMain has found and built.
var (
	image         Image
	agent, loader string
)

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

// prepare builds the agent and its loader once for all tests.
func prepare(m *testing.M) int {
	var err error
	if image, err = Find(project); err != nil {
		fmt.Fprintln(os.Stderr, "needs the image of make vm-image:", err)
		return 1
	}
	folder, err := os.MkdirTemp("", "vm-agent-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	agent, loader = filepath.Join(folder, "nodeagent"), filepath.Join(folder, "earlyrules")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", folder, "./cmd/nodeagent", "./cmd/earlyrules")
	build.Dir, build.Stderr = project, os.Stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the agent:", err)
		return 1
	}
	return m.Run()
}
