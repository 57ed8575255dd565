//go:build linux

package trace_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestMain(m *testing.M) {
	enrichtest.Main()
	os.Exit(m.Run())
}

// open returns a Tracer. Nothing of the audit system is touched by it, so it needs no lock.
func open(t *testing.T) *trace.Tracer {
	t.Helper()
	tracer, err := trace.Open("/", slog.New(slog.DiscardHandler))
	if errors.Is(err, syscall.EPERM) && os.Getenv("NODEAUDIT_REQUIRE_KERNEL") != "1" {
		t.Skipf("needs CAP_BPF and CAP_PERFMON: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tracer.Close(); err != nil {
			t.Error(err)
		}
	})
	return tracer
}

func containers(t *testing.T, count int) *enrichtest.Containers {
	t.Helper()
	made, err := enrichtest.NewContainers(count)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := made.Close(); err != nil {
			t.Error(err)
		}
	})
	return made
}

func program(t *testing.T) string {
	t.Helper()
	path, err := enrichtest.Program(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}
