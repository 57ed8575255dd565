package file

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// pack replaces the source by its packed form: whole, on the disk, and only then under its name.
func (p *packing) pack(ctx context.Context, source *os.File) error {
	info, err := source.Stat()
	if err != nil {
		return err
	}
	temporary := p.archive.temporary()
	if err = errors.Join(remove(temporary), remove(temporary+index.Suffix)); err != nil {
		return err
	}
	if err = compress(ctx, source, info, temporary); err == nil {
		err = p.archive.replace(info, temporary)
	}
	return errors.Join(err, remove(temporary), remove(temporary+index.Suffix))
}

// compress writes the packed form of the source to a new file, and its index beside it. Each block of lines is a member of gzip, which can be
// unpacked alone. The level is the fastest: the node has other work to do.
func compress(ctx context.Context, source io.Reader, info fs.FileInfo, path string) error {
	target, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(target, 1<<16)
	var blocks index.Builder
	err = packBlocks(&interruptible{ctx: ctx, reader: source}, buffered, info.ModTime(), &blocks)
	err = errors.Join(err, buffered.Flush(), target.Sync(), target.Close())
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if writeIndex(path, &blocks) != nil {
		return remove(path + index.Suffix) // who searches can do without it, and makes it where that is possible
	}
	return nil
}

// packBlocks packs one block of lines after the other. An empty file has one that is empty.
func packBlocks(source io.Reader, target io.Writer, changed time.Time, blocks *index.Builder) error {
	counted := &counter{writer: target}
	packer, err := gzip.NewWriterLevel(counted, gzip.BestSpeed)
	if err != nil {
		return err
	}
	lines := index.NewLines(source)
	for isFirst := true; ; isFirst = false {
		packer.ModTime = changed
		var failed error
		length, ended := lines.Block(func(line []byte) {
			blocks.Add(line)
			if failed == nil {
				_, failed = packer.Write(line)
			}
		})
		isLast := errors.Is(ended, io.EOF)
		if failed != nil || ended != nil && !isLast {
			return errors.Join(failed, ended)
		}
		if length > 0 || isFirst {
			if err := packer.Close(); err != nil {
				return err
			}
			blocks.End(counted.take())
		}
		if isLast {
			return nil
		}
		packer.Reset(counted)
	}
}

// counter counts what is written.
type counter struct {
	writer io.Writer
	bytes  int64
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.writer.Write(b)
	c.bytes += int64(n)
	return n, err
}

// take returns the count and begins again.
func (c *counter) take() int64 {
	n := c.bytes
	c.bytes = 0
	return n
}

// interruptible is a reader that ends with an error when its context does.
type interruptible struct {
	ctx    context.Context
	reader io.Reader
}

// Read implements io.Reader.
func (r *interruptible) Read(buffer []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.reader.Read(buffer)
}

// replace gives the packed form the name that the plain file has by now, and removes the plain one. If the plain one is gone already,
// because newer ones pushed it out, it does nothing.
func (a *archive) replace(plain fs.FileInfo, packedPath string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	file, ok := a.find(plain)
	if !ok {
		return nil
	}
	target := a.pathOf(rotated{number: file.number, packed: true})
	if err := os.Rename(packedPath, target); err != nil {
		return err
	}
	if err := os.Rename(packedPath+index.Suffix, target+index.Suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := syncDir(a.dir); err != nil {
		return err
	}
	return a.drop(file)
}

// remove removes a file that may be missing.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
