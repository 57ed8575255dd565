package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// keptBuffer is the largest buffer that is kept from one batch to the next: an ordinary batch fits in it, a rare giant goes.
const keptBuffer = 1 << 20

// Options say where and how to write.
type Options struct {
	// Path is the file as its reader names it, for example /var/log/nodeaudit/audit.log.
	Path string
	// Dir is the directory in which the base name of Path is opened, where that is another one for this process. Empty is that of Path.
	// It is made if it is missing.
	Dir string
	// MaxSize is the size in bytes that the file does not exceed, except for a single event that is larger.
	MaxSize int64
	// MaxFiles is the number of rotated files that are kept, from 1 to 1000.
	MaxFiles int
	// Form appends an event to lines and ends with a line feed. Nil is the native form, event.AppendLine.
	Form func(lines []byte, e *event.Event) ([]byte, error)
	// Compress packs rotated files with gzip, in the background.
	Compress bool
	// Chain makes changes of the lines noticeable. Nil is a log without checkpoints.
	Chain *chain.Chain
	// Log takes what goes wrong in the background. Nil is nowhere.
	Log *slog.Logger
}

// Writer is a sink.Writer on a file. At most one may be open for a file at a time.
type Writer struct {
	maxSize  int64
	form     func(lines []byte, e *event.Event) ([]byte, error)
	archive  *archive
	packing  *packing // nil without compression
	file     *os.File // nil until the file could be opened
	size     int64    // of file, as far as its lines are whole
	torn     bool     // file has bytes beyond size that must go before anything else is written
	buffer   []byte
	rest     []byte // the lines of the batch in hand that are not in a file yet, at the end of buffer
	isClosed bool
	isMended bool // the last line of file had no end when it was opened
	seal
}

// New opens the file, or makes it, ends a line that a crash tore, and removes what else a crash left. Close ends the goroutine that it
// starts with Compress.
func New(options Options) (*Writer, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	w := &Writer{maxSize: options.MaxSize, form: options.Form, archive: newArchive(options)}
	if err := w.open(); err != nil {
		return nil, err
	}
	if err := w.archive.recover(); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	if err := w.beginChain(options); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	if options.Compress {
		w.packing = startPacking(w.archive, options.Log)
	}
	return w, nil
}

// complete fills in what may be left out, and refuses what cannot work.
func (o *Options) complete() error {
	base := filepath.Base(o.Path)
	switch {
	case o.Path == "" || base == "." || base == ".." || base == "/":
		return fmt.Errorf("path %q does not name a file", o.Path)
	case o.MaxSize <= 0:
		return fmt.Errorf("a largest size of %d bytes leaves no room in %s", o.MaxSize, o.Path)
	case o.MaxFiles < 1 || o.MaxFiles > maxNumber:
		return fmt.Errorf("%d rotated files of %s are not between 1 and %d", o.MaxFiles, o.Path, maxNumber)
	}
	if o.Dir == "" {
		o.Dir = filepath.Dir(o.Path)
	}
	if o.Form == nil {
		o.Form = event.AppendLine
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Write implements sink.Writer. The lines are in the kernel's hands when it returns; the disk has them at the next rotation or Close.
func (w *Writer) Write(_ context.Context, events []*event.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isClosed {
		return sink.Permanent(fmt.Errorf("writing %s: %w", w.archive.path, os.ErrClosed))
	}
	if len(w.rest) == 0 {
		if err := w.encode(events); err != nil {
			return sink.Permanent(err)
		}
	}
	if len(w.rest) == 0 {
		return nil
	}
	if err := w.follow(); err != nil {
		return err
	}
	return w.flush()
}

// encode makes the lines of the events what is left to write, or nothing after an error.
func (w *Writer) encode(events []*event.Event) error {
	if cap(w.buffer) > keptBuffer {
		w.buffer = nil
	}
	lines := w.buffer[:0]
	for _, e := range events {
		var err error
		if lines, err = w.form(lines, e); err != nil {
			return err
		}
	}
	w.buffer, w.rest = lines, lines
	return nil
}

// flush writes what is left: in one piece where it fits, otherwise in as few whole files as it takes.
func (w *Writer) flush() error {
	for len(w.rest) > 0 {
		if err := w.cut(); err != nil {
			return err
		}
		if w.size > 0 && w.size+int64(len(w.rest)) > w.limit() {
			if err := w.rotate(); err != nil {
				return err
			}
		}
		piece := wholeLines(w.rest, w.limit())
		if err := w.append(piece); err != nil {
			return err
		}
		w.rest = w.rest[len(piece):]
		w.cover(piece)
	}
	return nil
}

// wholeLines returns the beginning of lines that is at most limit bytes long and ends with a line, and at least one line.
func wholeLines(lines []byte, limit int64) []byte {
	if int64(len(lines)) <= limit {
		return lines
	}
	if end := bytes.LastIndexByte(lines[:limit], '\n'); end >= 0 {
		return lines[:end+1]
	}
	return lines[:bytes.IndexByte(lines, '\n')+1]
}

// Close implements sink.Writer. A file that is being packed stays as it is, for the next New.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isClosed = true
	if w.packing != nil {
		w.packing.stop()
	}
	return errors.Join(w.endChain(), w.release())
}
