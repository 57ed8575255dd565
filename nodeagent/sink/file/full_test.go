package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// smallDisk mounts a file system of 64 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOEXEC, "size=64k,mode=750"); err != nil {
		if errors.Is(err, syscall.EPERM) {
			t.Skip("needs root that may mount: ", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}

func TestAFullDiskTearsAndRepeatsNothing(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		ballast int
	}{
		"the disk is full from the start":       {Options{MaxSize: 1 << 20, MaxFiles: 1}, 64 << 10},
		"the disk gets full in a batch":         {Options{MaxSize: 1 << 20, MaxFiles: 1}, 40 << 10},
		"the disk gets full in a rotated batch": {Options{MaxSize: 8 << 10, MaxFiles: 100}, 40 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t)
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, test.ballast), 0o600); err != nil {
				t.Fatal(err)
			}
			options := test.options
			options.Path, options.Dir = "audit.log", dir
			w := open(t, options)
			events := sinktest.Events(60)
			refused := writeUntilFull(t, w, events)
			for range 3 {
				if err := w.Write(t.Context(), refused); !errors.Is(err, syscall.ENOSPC) || sink.IsPermanent(err) {
					t.Fatalf("the error is %v, want one of a full disk that may pass", err)
				}
				if lines := everything(t, dir); len(lines) > 0 && lines[len(lines)-1] != '\n' {
					t.Fatal("a line is torn")
				}
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			for batch := range batchesFrom(events, refused) {
				write(t, w, batch)
			}
			closing(t, w)
			sinktest.Compare(t, everything(t, dir), sinktest.Lines(t, events))
		})
	}
}

const batch = 20

// writeUntilFull writes the events in batches and returns the first batch that was refused.
func writeUntilFull(t *testing.T, w *Writer, events []*event.Event) []*event.Event {
	t.Helper()
	for i := 0; i < len(events); i += batch {
		if err := w.Write(t.Context(), events[i:i+batch]); err != nil {
			return events[i : i+batch]
		}
	}
	t.Fatal("the disk did not get full")
	return nil
}

// batchesFrom returns the batches of events that begin with refused.
func batchesFrom(events, refused []*event.Event) func(yield func([]*event.Event) bool) {
	return func(yield func([]*event.Event) bool) {
		for i := int(refused[0].Serial); i < len(events); i += batch {
			if !yield(events[i : i+batch]) {
				return
			}
		}
	}
}
