package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// indexOf returns what the index of a file in its present state does not rule out, or nil. For a rotated file of the agent that has none it makes one, and
// leaves it beside the file where it may.
func (s *search) indexOf(file *os.File) *index.Found {
	info, err := file.Stat()
	if err != nil || s.noIndex || s.filter.query.IsAll() || !info.Mode().IsRegular() {
		return nil
	}
	changed := info.ModTime().UnixNano()
	if text, err := os.ReadFile(file.Name() + index.Suffix); err == nil {
		if found, err := index.Find(text, &s.filter.query); err == nil && found.Size == info.Size() && found.Changed == changed {
			return found
		}
	}
	if parts := rotatedName.FindStringSubmatch(filepath.Base(file.Name())); parts == nil || parts[2] == "" || !isNative(file, info.Size()) {
		return nil
	}
	x, err := index.Build(io.NewSectionReader(file, 0, info.Size()), changed)
	if err != nil || x.Size != info.Size() {
		return nil // reading the file tells what is wrong
	}
	s.unindexed.add(info.Size(), x.Tells() && leave(file, x))
	return x.Find(&s.filter.query)
}

// unindexed are the files that were read whole because they had no index that fits them.
type unindexed struct {
	files, left int
	size        int64
}

// add counts a file, and whether an index could be left beside it.
func (u *unindexed) add(size int64, isLeft bool) {
	u.files++
	u.size += size
	if isLeft {
		u.left++
	}
}

// worthSaying is from which size on somebody may ask why a search takes long.
const worthSaying = 16 << 20

func (u *unindexed) say(words io.Writer) {
	if u.size < worthSaying {
		return
	}
	next := "the next search will not read them whole"
	if u.left < u.files {
		next = fmt.Sprintf("%d of them have one now, the directory of the others cannot be written to", u.left)
	}
	fmt.Fprintf(words, "rotated files without an index, read whole: %d, %d MiB; %s\n", u.files, u.size>>20, next)
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

// leave writes an index beside its file, whole or not at all, and says whether it did.
func leave(file *os.File, x *index.Index) bool {
	name := file.Name() + index.Suffix
	temporary := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".tmp")
	target, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return false
	}
	_, err = target.Write(x.Append(nil))
	if closed := target.Close(); err != nil || closed != nil || !isStill(file) || os.Rename(temporary, name) != nil {
		_ = os.Remove(temporary)
		return false
	}
	return true
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
