package file

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestContract(t *testing.T) {
	for name, options := range map[string]Options{
		"one file":             {MaxSize: 1 << 30, MaxFiles: 1},
		"rotated files":        {MaxSize: 1 << 16, MaxFiles: 1000},
		"packed files":         {MaxSize: 1 << 16, MaxFiles: 1000, Compress: true},
		"files of a few lines": {MaxSize: 4 << 10, MaxFiles: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			sinktest.Contract(t, func(t *testing.T) (sink.Writer, func() []byte) {
				t.Helper()
				options := options
				options.Dir = filepath.Join(t.TempDir(), "log", "nodeaudit")
				options.Path = "/var/log/nodeaudit/audit.log"
				return open(t, options), func() []byte { return everything(t, options.Dir) }
			})
		})
	}
}

// open opens a log whose background errors fail the test.
func open(tb testing.TB, options Options) *Writer {
	tb.Helper()
	options.Log = slog.New(slog.NewTextHandler(failing{tb}, nil))
	w, err := New(options)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// failing is an output that fails the test with what is written to it.
type failing struct {
	tb testing.TB
}

func (f failing) Write(text []byte) (int, error) {
	f.tb.Errorf("logged: %s", text)
	return len(text), nil
}

func write(tb testing.TB, w *Writer, events []*event.Event) {
	tb.Helper()
	if err := w.Write(tb.Context(), events); err != nil {
		tb.Fatal(err)
	}
}

func closing(tb testing.TB, w *Writer) {
	tb.Helper()
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

// everything returns the lines of the rotated files, the oldest first, and of the current one.
func everything(t *testing.T, dir string) []byte {
	t.Helper()
	files, err := newArchive(Options{Path: "audit.log", Dir: dir}).list()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(files, func(a, b rotated) int { return b.number - a.number })
	var lines []byte
	for _, file := range files {
		lines = append(lines, content(t, filepath.Join(dir, file.name("audit.log")))...)
	}
	return append(lines, content(t, filepath.Join(dir, "audit.log"))...)
}

// content returns what is in a file, unpacked.
func content(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) != packed {
		return raw
	}
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return text
}

// names returns the names in a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	link := filepath.Join(dir, "link.log")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]Options{
		"no path":                    {MaxSize: 1, MaxFiles: 1},
		"the root as a file":         {Path: "/", MaxSize: 1, MaxFiles: 1},
		"a parent as a file":         {Path: "/var/log/..", Dir: dir, MaxSize: 1, MaxFiles: 1},
		"no room":                    {Path: "/a.log", Dir: dir, MaxFiles: 1},
		"no rotated files":           {Path: "/a.log", Dir: dir, MaxSize: 1},
		"more files than have names": {Path: "/a.log", Dir: dir, MaxSize: 1, MaxFiles: 1001},
		"a symbolic link":            {Path: link, MaxSize: 1, MaxFiles: 1},
		"a directory that is a file": {Path: "/a.log", Dir: "/dev/null", MaxSize: 1, MaxFiles: 1},
		"a file that is a directory": {Path: "/" + filepath.Base(dir), Dir: filepath.Dir(dir), MaxSize: 1, MaxFiles: 1},
		"a device instead of a file": {Path: "/dev/null", MaxSize: 1, MaxFiles: 1},
	} {
		t.Run(name, func(t *testing.T) {
			if w, err := New(options); err == nil {
				closing(t, w)
				t.Error("it was opened")
			}
		})
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the target of the link: %v", err)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	closing(t, open(t, Options{Path: "audit.log", Dir: dir, MaxSize: 1, MaxFiles: 1}))
	for path, want := range map[string]os.FileMode{dir: os.ModeDir | 0o750, filepath.Join(dir, "audit.log"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(path), info.Mode(), want)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, size := range map[string]int{"batches of 256": 256, "batches of 1": 1} {
		b.Run(name, func(b *testing.B) {
			w := open(b, Options{Path: "audit.log", Dir: b.TempDir(), MaxSize: 100 << 20, MaxFiles: 2})
			events := sinktest.Events(size)
			b.SetBytes(int64(len(sinktest.Lines(b, events))))
			for b.Loop() {
				write(b, w, events)
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
			closing(b, w)
		})
	}
}
