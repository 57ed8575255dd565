package file

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// pack replaces the source by its packed form: whole, on the disk, and only then under its name.
func (p *packing) pack(ctx context.Context, source *os.File) error {
	info, err := source.Stat()
	if err != nil {
		return err
	}
	temporary := p.archive.temporary()
	if err = remove(temporary); err != nil {
		return err
	}
	if err = compress(ctx, source, info, temporary); err == nil {
		err = p.archive.replace(info, temporary)
	}
	return errors.Join(err, remove(temporary))
}

// compress writes the packed form of the source to a new file. The level is the fastest: the node has other work to do.
func compress(ctx context.Context, source io.Reader, info fs.FileInfo, path string) error {
	target, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(target, 1<<16)
	packer, err := gzip.NewWriterLevel(buffered, gzip.BestSpeed)
	if err != nil {
		return errors.Join(err, target.Close())
	}
	packer.ModTime = info.ModTime()
	_, err = io.Copy(packer, &interruptible{ctx: ctx, reader: source})
	err = errors.Join(err, packer.Close(), buffered.Flush(), target.Sync(), target.Close())
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
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
	if err := os.Rename(packedPath, a.pathOf(rotated{number: file.number, packed: true})); err != nil {
		return err
	}
	if err := syncDir(a.dir); err != nil {
		return err
	}
	return os.Remove(a.pathOf(file))
}

// remove removes a file that may be missing.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
