package enrich_test

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestARealProcess(t *testing.T) {
	want := readGroup(t, "self")
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(child.Process.Pid)
	enricher := enrich.New(enrich.Options{HostRoot: "/"})
	look := func(process event.Process, age time.Duration, want event.Who) {
		t.Helper()
		e := &event.Event{Time: time.Now().Add(-age), Process: process}
		enricher.Who(e)
		if diff := cmp.Diff(want, e.Who, placeOnly); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	look(event.Process{PID: event.NewID(pid)}, time.Minute, none) // the child is younger than this event
	look(event.Process{PID: event.NewID(1)}, time.Minute, readGroup(t, "1"))
	look(process(pid), 0, want)

	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	look(process(pid), 0, want)
	enricher = enrich.New(enrich.Options{HostRoot: "/"})
	look(process(pid), 0, likely(want))
}

// readGroup returns what the tests expect of a process that is there.
func readGroup(t *testing.T, pid string) event.Who {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
	if err != nil {
		t.Skip("needs Linux:", err)
	}
	who := event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc}
	who.PodUID, who.ContainerID = enrich.ParseCgroup(string(text))
	return who
}

func process(pid uint32) event.Process {
	return event.Process{PID: event.NewID(pid), PPID: event.NewID(uint32(os.Getpid()))}
}

func TestAProcThatCannotBeReadIsToldOnce(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "proc", "100", "cgroup"), 0o755); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	enricher := enrich.New(enrich.Options{HostRoot: root, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		e := &event.Event{Time: time.Now(), Process: process(100)}
		enricher.Who(e)
		if diff := cmp.Diff(none, e.Who, placeOnly); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if got := bytes.Count(log.Bytes(), []byte("\n")); got != 1 {
		t.Errorf("%d lines:\n%s", got, &log)
	}
}

func BenchmarkWho(b *testing.B) {
	self := process(uint32(os.Getpid()))
	for _, bench := range []struct {
		name    string
		process func(i int) event.Process
		age     time.Duration
	}{
		{"Hit", func(int) event.Process { return self }, time.Second / 2},
		{"Miss", func(int) event.Process { return self }, -time.Second},
		{"Gone", func(i int) event.Process { return event.Process{PID: event.NewID(1<<22 + uint32(i)), PPID: self.PID} }, 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			enricher := enrich.New(enrich.Options{HostRoot: "/", Pods: shop{}})
			e := &event.Event{}
			for i := 0; b.Loop(); i++ {
				e.Time, e.Process = time.Now().Add(-bench.age), bench.process(i)
				enricher.Who(e)
			}
		})
	}
}

// TestMemoryIsBounded hands in far more processes than are remembered.
func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t)
	w.begin(1, "sh", webGroup, 0)
	before := heap()
	for pid := range uint32(200_000) {
		w.enricher.Who(&event.Event{Time: time.Now(), Process: event.Process{PID: event.NewID(pid + 2), PPID: event.NewID(1)}})
	}
	after := heap()
	if grown := int64(after) - int64(before); grown > 12<<20 {
		t.Errorf("it grew by %d bytes", grown)
	}
	w.event(1, 0, 0, web)
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
