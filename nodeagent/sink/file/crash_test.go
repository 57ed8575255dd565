package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestBothFormsAreLeftOnlyByACrashAfterThePackedOneWasWhole(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"audit.log.1": "b\n", "audit.log.2": "a\n"})
	a := newArchive(Options{Path: "audit.log", Dir: dir, MaxFiles: 3})
	p := &packing{archive: a}
	if err := p.packAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, dir, map[string]string{"audit.log.2": "a\n"})
	if err := a.recover(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"audit.log.1.gz": "b\n", "audit.log.2.gz": "a\n"}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestPackingThatIsStoppedLeavesThePlainFile(t *testing.T) {
	dir := t.TempDir()
	before := map[string]string{"audit.log.1": "b\n"}
	fill(t, dir, before)
	p := &packing{archive: newArchive(Options{Path: "audit.log", Dir: dir, MaxFiles: 3})}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.packAll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAPackedFileGetsTheNumberThatItsSourceHasByThen(t *testing.T) {
	for name, test := range map[string]struct {
		maxFiles int
		want     map[string]string
	}{
		"the source moved up":       {3, map[string]string{"audit.log.2.gz": "b\n", "audit.log.1": "c\n"}},
		"the source was pushed out": {1, map[string]string{"audit.log.1": "c\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fill(t, dir, map[string]string{"audit.log": "c\n", "audit.log.1": "b\n"})
			p := &packing{archive: newArchive(Options{Path: "audit.log", Dir: dir, MaxFiles: test.maxFiles})}
			source, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			if err := p.archive.take(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(p.pack(t.Context(), source), source.Close()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contents(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheNameIsFollowed(t *testing.T) {
	events := sinktest.Events(2)
	first, second := string(sinktest.Lines(t, events[:1])), string(sinktest.Lines(t, events[1:]))
	for name, test := range map[string]struct {
		meanwhile func(dir string) error
		want      map[string]string
	}{
		"the file was moved": {
			func(dir string) error { return os.Rename(filepath.Join(dir, "audit.log"), filepath.Join(dir, "old")) },
			map[string]string{"old": first, "audit.log": second},
		},
		"the file was deleted": {
			func(dir string) error { return os.Remove(filepath.Join(dir, "audit.log")) },
			map[string]string{"audit.log": second},
		},
		"the directory was deleted": {os.RemoveAll, map[string]string{"audit.log": second}},
		"the file was replaced": {
			func(dir string) error {
				if err := os.WriteFile(filepath.Join(dir, "new"), []byte("{}\n"), 0o600); err != nil {
					return err
				}
				return os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "audit.log"))
			},
			map[string]string{"audit.log": "{}\n" + second},
		},
		"the file was emptied": {
			func(dir string) error { return os.Truncate(filepath.Join(dir, "audit.log"), 0) },
			map[string]string{"audit.log": second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			w := open(t, Options{Path: "audit.log", Dir: dir, MaxSize: int64(len(first) + len(second)), MaxFiles: 3})
			write(t, w, events[:1])
			if err := test.meanwhile(dir); err != nil {
				t.Fatal(err)
			}
			write(t, w, events[1:])
			closing(t, w)
			if diff := cmp.Diff(test.want, contents(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASymbolicLinkThatReplacesTheFileIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	w := open(t, Options{Path: path, MaxSize: 1 << 20, MaxFiles: 1})
	if err := os.Rename(path, filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("old", path); err != nil {
		t.Fatal(err)
	}
	events := sinktest.Events(1)
	if err := w.Write(t.Context(), events); err == nil {
		t.Error("the link was followed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, w, events)
	closing(t, w)
	want := map[string]string{"old": "", "audit.log": string(sinktest.Lines(t, events))}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestATornEndThatCouldNotBeTakenBackGoesBeforeTheNextLine(t *testing.T) {
	events := sinktest.Events(3)
	for name, meanwhile := range map[string]func(dir string) error{
		"in the same file": func(string) error { return nil },
		"in a file that was moved": func(dir string) error {
			return os.Rename(filepath.Join(dir, "audit.log"), filepath.Join(dir, "audit.log.1"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := open(t, Options{Path: "audit.log", Dir: dir, MaxSize: 1 << 20, MaxFiles: 1})
			write(t, w, events[:1])
			if _, err := w.file.WriteString(`{"time":`); err != nil {
				t.Fatal(err)
			}
			w.torn = true
			if err := meanwhile(dir); err != nil {
				t.Fatal(err)
			}
			write(t, w, events[1:])
			closing(t, w)
			sinktest.Compare(t, everything(t, dir), sinktest.Lines(t, events))
		})
	}
}
