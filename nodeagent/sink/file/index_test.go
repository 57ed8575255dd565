package file

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/index"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// writePacked writes events to a log of small files that are packed, and returns its directory.
func writePacked(t *testing.T, events []*event.Event, maxSize int64, maxFiles int) string {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, err := New(Options{Path: filepath.Join(dir, "audit.log"), MaxSize: maxSize, MaxFiles: maxFiles, Compress: true})
		if err != nil {
			t.Fatal(err)
		}
		for at := range events {
			if err := w.Write(t.Context(), events[at:at+1]); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

func TestEveryPackedFileHasItsIndexAndNoOtherStays(t *testing.T) {
	events := sinktest.Events(8)
	size := int64(len(sinktest.Lines(t, events[:1])))
	dir := writePacked(t, events, size+size/2, 3)
	want := []string{"audit.log", "audit.log.1.gz", "audit.log.1.gz.idx", "audit.log.2.gz", "audit.log.2.gz.idx", "audit.log.3.gz", "audit.log.3.gz.idx"}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, name := range names(t, dir) {
		if file, isIndex := strings.CutSuffix(name, index.Suffix); isIndex {
			checkIndex(t, filepath.Join(dir, file))
		}
	}
}

// checkIndex wants that the index is of the file in its state, and that each block can be unpacked alone and has the lines of which the index tells.
func checkIndex(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path + index.Suffix)
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := index.Build(bytes.NewReader(file), info.ModTime().UnixNano())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(again.Append(nil), text); diff != "" {
		t.Errorf("%s: the index is not the one of the file (-want +got):\n%s", path, diff)
	}
	for _, block := range x.Blocks {
		unpacked, err := gzip.NewReader(bytes.NewReader(file[block.Offset : block.Offset+block.Length]))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := io.ReadAll(unpacked)
		if err != nil || !bytes.HasSuffix(lines, []byte("\n")) || block.Anything {
			t.Errorf("%s: block at %d: %q, %v", path, block.Offset, lines, err)
		}
	}
}

func TestAFileOfManyBlocksIsIndexedBlockByBlock(t *testing.T) {
	events := sinktest.Events(2000)
	for _, e := range events {
		e.Records = []event.Record{{TypeName: "SYSCALL", Data: strings.Repeat("x", 500)}}
	}
	dir := writePacked(t, events, 700*int64(len(events)-2), 1)
	checkIndex(t, filepath.Join(dir, "audit.log.1.gz"))
}

func TestAnIndexWithoutItsFileIsRemoved(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"audit.log.1.gz.idx": "x", "audit.log.2": "y\n", "audit.log.2.idx": "x", "other.log.1.idx": "x", ".audit.log.gz.tmp.idx": "x"})
	w, err := New(Options{Path: filepath.Join(dir, "audit.log"), MaxSize: 100, MaxFiles: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"audit.log", "audit.log.2", "audit.log.2.idx", "other.log.1.idx"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
