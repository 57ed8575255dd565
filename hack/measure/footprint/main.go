// Footprint prints how large the agent's program is, and what memory it has when it is idle: without sinks, with a sink of every type, and after an event was
// sent to each of them, where nobody listens.
//
// The agent runs as in a cluster whose API server is away, from the copy of its configuration that it keeps on disk; what the API server's client keeps of pods
// is not in the figure. It is built with -tags, by default those of its image. Its policy observes, so that nothing changes in the kernel. It needs root.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/internal/manifest"
)

func main() {
	tags := flag.String("tags", "grpcnotrace", "build tags of the agent")
	idle := flag.Duration("idle", 3*time.Minute, "how long the agent is idle before it is looked at: Go collects garbage every two minutes at least")
	flag.Parse()
	if err := measure(*tags, *idle); err != nil {
		fmt.Fprintln(os.Stderr, "footprint:", err)
		os.Exit(1)
	}
}

func measure(tags string, idle time.Duration) error {
	dir, err := os.MkdirTemp("", "nodeaudit-footprint-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is below the folder for temporary files
	a := &agent{program: filepath.Join(dir, "nodeagent"), dir: dir, idle: idle}
	build := exec.Command("go", "build", "-tags", tags, "-trimpath", "-ldflags", "-s -w", "-o", a.program, "./cmd/nodeagent")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the agent: %w", err)
	}
	info, err := os.Stat(a.program)
	if err != nil {
		return err
	}
	fmt.Printf("program: %.1f MB\n", float64(info.Size())/1e6)
	var objects manifest.Objects
	if err := errors.Join(objects.ReadFile("hack/measure/footprint/sinks.yaml"), a.secrets()); err != nil {
		return err
	}
	for _, state := range []struct {
		name  string
		sinks []v1alpha1.AuditSink
		try   bool
	}{
		{"no sinks", nil, false},
		{fmt.Sprintf("%d sinks, of every type", len(objects.Sinks)), objects.Sinks, false},
		{"the same, after an event for each", objects.Sinks, true},
	} {
		memory, err := a.run(state.sinks, state.try)
		if err != nil {
			return fmt.Errorf("%s: %w", state.name, err)
		}
		fmt.Printf("idle, %s: %s\n", state.name, memory)
	}
	return nil
}

// memory is what /proc says of a process.
func memory(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "", err
	}
	var parts []string
	for line := range strings.Lines(string(text)) {
		var kib float64
		for name, means := range map[string]string{"VmRSS:": "resident", "RssAnon:": "of it anonymous"} {
			if rest, found := strings.CutPrefix(line, name); found {
				if _, err := fmt.Sscan(rest, &kib); err != nil {
					return "", err
				}
				parts = append(parts, fmt.Sprintf("%.1f MiB %s", kib/1024, means))
			}
		}
	}
	return strings.Join(parts, ", "), nil
}
