package file

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// A power failure leaves a file that ends anywhere, while the state directory, on another part of the disk, has the latest checkpoint or an
// older one. What a checkpoint had covered is missing then, and is found. What none had covered is gone with the power.
func TestAPowerFailureLeavesALogThatGoesOnOrIsFound(t *testing.T) {
	dir := t.TempDir()
	options := chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3})
	w := open(t, options)
	write(t, w, sinktest.Events(256)) // a checkpoint follows
	state := filepath.Join(dir, "state", chain.Dir, "audit.log.latest")
	older := content(t, state)
	write(t, w, sinktest.Events(256)) // another one
	newest := content(t, state)
	write(t, w, sinktest.Events(5)) // uncovered
	kill(t, w, "")
	text := content(t, filepath.Join(options.Dir, "audit.log"))
	lastPoint := bytes.LastIndexByte(text[:bytes.LastIndex(text, []byte(chain.Type))], '\n') + 1
	end := lastPoint + bytes.IndexByte(text[lastPoint:], '\n') + 1
	for name, kept := range map[string][]byte{"the newest checkpoint is kept": newest, "an older one is kept": older} {
		t.Run(name, func(t *testing.T) {
			for size := len(text); size > lastPoint-3000; size -= 211 {
				again := t.TempDir()
				for _, made := range []string{"log", filepath.Join("state", chain.Dir)} {
					if err := os.MkdirAll(filepath.Join(again, made), 0o700); err != nil {
						t.Fatal(err)
					}
				}
				fill(t, filepath.Join(again, "log"), map[string]string{"audit.log": string(text[:size])})
				fill(t, filepath.Join(again, "state", chain.Dir), map[string]string{"audit.log.latest": string(kept)})
				options := chained(t, again, Options{MaxSize: 1 << 20, MaxFiles: 3})
				w := open(t, options)
				write(t, w, sinktest.Events(3))
				closing(t, w)
				report := verify(t, options.Dir, testKey("node-1"))
				isCut := size < end && bytes.Equal(kept, newest)
				if (len(report.Findings) > 0) != isCut || isCut && !strings.Contains(report.Findings[0].Message, "checkpoint 3 is missing") {
					t.Errorf("%d of %d bytes, checkpoints up to %d: findings are %v", size, len(text), end, report.Findings)
				}
				if isTorn := text[size-1] != '\n'; isTorn != bytes.Contains(everything(t, options.Dir), []byte("reason=torn")) {
					t.Errorf("%d bytes: whether the line was torn (%t) is not said", size, isTorn)
				}
			}
		})
	}
}

func TestAFullDiskLeavesAChainThatGoesOn(t *testing.T) {
	for name, test := range map[string]Options{
		"in one file":       {MaxSize: 1 << 20, MaxFiles: 1},
		"in rotated files":  {MaxSize: 16 << 10, MaxFiles: 100},
		"with packed files": {MaxSize: 16 << 10, MaxFiles: 100, Compress: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t) // the state is on it too
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 12<<10), 0o600); err != nil {
				t.Fatal(err)
			}
			options := chained(t, dir, test)
			options.Log = slog.New(slog.NewTextHandler(full{failing{t}}, nil))
			w, err := New(options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = w.Close() })
			events := sinktest.Events(600)
			refused := writeUntilFull(t, w, events)
			for range 3 {
				switch err := w.Write(t.Context(), refused); {
				case err == nil && test.Compress: // packing had begun before, and has made room
					next := refused[len(refused)-1].Serial + 1
					refused = events[next : next+batch]
				case !errors.Is(err, syscall.ENOSPC):
					t.Fatalf("the error is %v, want one of a full disk", err)
				}
				w.overdue() // a checkpoint finds no room either
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			err = w.Write(t.Context(), refused)
			for try := 0; errors.Is(err, syscall.ENOSPC) && test.Compress && try < 1000; try++ { // until packing gives back what it needs meanwhile
				time.Sleep(10 * time.Millisecond)
				err = w.Write(t.Context(), refused)
			}
			if err != nil {
				t.Fatal(err)
			}
			closing(t, w)
			if report := clean(t, options.Dir); report.Uncovered != 0 || report.Lines != int64(refused[len(refused)-1].Serial)+1 {
				t.Errorf("the report is %+v", report)
			}
			want := sinktest.Lines(t, events[:refused[len(refused)-1].Serial+1])
			sinktest.Compare(t, withoutCheckpoints(everything(t, options.Dir)), want)
		})
	}
}

// full is an output for a full disk: packing, which goes on beside the writing, may find no room either, and is tried again.
type full struct {
	failing
}

func (f full) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte("no space left on device")) {
		return len(text), nil
	}
	return f.failing.Write(text)
}

func TestFilesThatAreRotatedAwayBreakNoChain(t *testing.T) {
	options := chained(t, t.TempDir(), Options{MaxSize: 16 << 10, MaxFiles: 3, Compress: true})
	w := open(t, options)
	for range 60 {
		write(t, w, sinktest.Events(9))
	}
	closing(t, w)
	again := chained(t, filepath.Dir(options.Dir), Options{MaxSize: 16 << 10, MaxFiles: 2, Compress: true}) // and fewer are kept
	w = open(t, again)
	write(t, w, sinktest.Events(9))
	closing(t, w)
	report := clean(t, options.Dir)
	if report.First < 3 || report.Before != 0 || report.Uncovered != 0 {
		t.Errorf("the report is %+v", report)
	}
	var kept []string
	for _, name := range names(t, options.Dir) {
		if file, ok := parseName("audit.log", name); ok || name == "audit.log" {
			kept = append(kept, name)
			if ok && file.number > 2 {
				t.Errorf("%s is kept", name)
			}
		}
	}
	if diff := cmp.Diff(3, len(kept)); diff != "" {
		t.Errorf("number of files (-want +got):\n%s%v", diff, kept)
	}
}
