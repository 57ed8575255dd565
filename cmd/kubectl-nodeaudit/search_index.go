package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// indexOf returns the index of a file in its present state, or nil. For a rotated file of the agent that has none it makes one, and leaves it beside
// the file where it may.
func (s *search) indexOf(file *os.File) *index.Index {
	info, err := file.Stat()
	if err != nil || s.noIndex || s.filter.query.IsAll() || !info.Mode().IsRegular() {
		return nil
	}
	changed := info.ModTime().UnixNano()
	if text, err := os.ReadFile(file.Name() + index.Suffix); err == nil {
		if x, err := index.Parse(text); err == nil && x.Size == info.Size() && x.Changed == changed {
			return x
		}
	}
	if parts := rotatedName.FindStringSubmatch(filepath.Base(file.Name())); parts == nil || parts[2] == "" || !isNative(file, info.Size()) {
		return nil
	}
	x, err := index.Build(io.NewSectionReader(file, 0, info.Size()), changed)
	if err != nil || x.Size != info.Size() {
		return nil // reading the file tells what is wrong
	}
	if x.Tells() {
		leave(file, x)
	}
	return x
}

// isNative says whether a file begins with an event of the agent.
func isNative(file io.ReaderAt, size int64) bool {
	const event = `{"time":`
	in := bufio.NewReader(io.NewSectionReader(file, 0, size))
	var lines io.Reader = in
	if magic, err := in.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if lines, err = gzip.NewReader(in); err != nil {
			return false
		}
	}
	start := make([]byte, len(event))
	_, err := io.ReadFull(lines, start)
	return err == nil && string(start) == event
}

// leave writes an index beside its file, whole or not at all. A search goes on without: nothing tells that it did not.
func leave(file *os.File, x *index.Index) {
	name := file.Name() + index.Suffix
	temporary := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".tmp")
	target, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return
	}
	_, err = target.Write(x.Append(nil))
	if closed := target.Close(); err != nil || closed != nil || !isStill(file) || os.Rename(temporary, name) != nil {
		_ = os.Remove(temporary)
	}
}

// isStill says whether the file still has its name: the agent may have rotated it.
func isStill(file *os.File) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(file.Name())
	return err == nil && os.SameFile(mine, named)
}
