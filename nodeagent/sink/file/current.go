package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// open opens the current file, or makes it with its directory, and ends a torn line. O_NONBLOCK is for a FIFO that somebody put there: it
// would wait for a reader.
func (w *Writer) open() error {
	if err := os.MkdirAll(w.archive.dir, 0o750); err != nil {
		return fmt.Errorf("making the directory of the log: %w", err)
	}
	const flags = os.O_RDWR | os.O_APPEND | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	file, err := os.OpenFile(w.archive.path, flags, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	size, isMended, err := mend(file)
	if err != nil {
		return errors.Join(fmt.Errorf("opening the log: %w", err), file.Close())
	}
	w.file, w.size, w.torn, w.isMended = file, size, false, isMended
	return nil
}

// mend ends the last line of the file if it has no end, and returns the size.
func mend(file *os.File) (size int64, isMended bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, false, err
	}
	if !info.Mode().IsRegular() {
		return 0, false, fmt.Errorf("%s is not a regular file", file.Name())
	}
	if info.Size() == 0 {
		return 0, false, nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil {
		return 0, false, err
	}
	if last[0] == '\n' {
		return info.Size(), false, nil
	}
	if _, err := file.Write([]byte{'\n'}); err != nil {
		return 0, false, err
	}
	return info.Size() + 1, true, nil
}

// follow makes sure that what is written lands in the file that has the name now: logrotate and people move and delete it.
func (w *Writer) follow() error {
	if w.file == nil {
		return w.open()
	}
	if err := w.cut(); err != nil {
		return err
	}
	mine, err := w.file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the log: %w", err)
	}
	named, err := os.Lstat(w.archive.path)
	switch {
	case err == nil && os.SameFile(mine, named):
		w.size = mine.Size() // copytruncate empties it under our hands
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking at the log: %w", err)
	}
	w.size = mine.Size()
	w.insistNot(w.checkpoint(chain.Rotate))
	if err := w.release(); err != nil {
		return err
	}
	return w.open()
}

// append writes whole lines, or takes back what it wrote of them.
func (w *Writer) append(lines []byte) error {
	n, err := w.file.Write(lines)
	if err == nil {
		w.size += int64(n)
		return nil
	}
	w.torn = n > 0
	return errors.Join(fmt.Errorf("writing the log: %w", err), w.cut())
}

// cut takes a torn end off the file.
func (w *Writer) cut() error {
	if !w.torn {
		return nil
	}
	if err := w.file.Truncate(w.size); err != nil {
		return fmt.Errorf("taking back a torn line: %w", err)
	}
	w.torn = false
	return nil
}

// rotate moves the current file to the archive and begins a new one.
func (w *Writer) rotate() error {
	w.insistNot(w.checkpoint(chain.Rotate))
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("rotating the log: %w", err)
	}
	if err := w.archive.take(); err != nil {
		return fmt.Errorf("rotating the log: %w", err)
	}
	if w.packing != nil {
		w.packing.wake()
	}
	if err := w.release(); err != nil {
		return err
	}
	return w.open()
}

// release writes the current file to the disk and closes it. Afterwards there is none, whatever it returns.
func (w *Writer) release() error {
	if w.file == nil {
		return nil
	}
	file := w.file
	err := errors.Join(w.cut(), file.Sync(), file.Close())
	w.file = nil
	if err != nil {
		return fmt.Errorf("closing the log: %w", err)
	}
	return nil
}
