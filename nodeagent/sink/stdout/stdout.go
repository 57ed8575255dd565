// Package stdout is the sink that writes to the agent's standard output, where the cluster's log collector finds it.
//
// What comes in are events, what goes out are JSON lines as event.AppendLine makes them, one write for a batch. It never rotates
// or closes anything: the output is the caller's.
package stdout

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

// Writer is a sink.Writer on an output that takes bytes.
type Writer struct {
	out    io.Writer
	form   func(lines []byte, e *event.Event) ([]byte, error)
	buffer []byte
	rest   []byte // what the output has not taken of the batch in hand, at the end of buffer
	closed bool
}

// deadliner is an output whose writes can be interrupted, as those of a pipe that package os opened.
type deadliner interface {
	SetWriteDeadline(t time.Time) error
}

// New returns a Writer of the native form, event.AppendLine.
func New(w io.Writer) *Writer { return NewForm(w, event.AppendLine) }

// NewForm returns a Writer on w of the lines that form appends, each with a line feed at its end. Nobody else may write to w, or lines get torn. If w is a file with deadlines, as Interruptible returns, a write
// that waits for a reader ends with its context; otherwise it waits.
func NewForm(w io.Writer, form func(lines []byte, e *event.Event) ([]byte, error)) *Writer {
	return &Writer{out: w, form: form}
}

// Write implements sink.Writer. After an error it goes on where the output stopped.
func (w *Writer) Write(ctx context.Context, events []*event.Event) error {
	if w.closed {
		return sink.Permanent(fmt.Errorf("writing to standard output: %w", os.ErrClosed))
	}
	if len(w.rest) == 0 {
		if err := w.encode(events); err != nil {
			return sink.Permanent(err)
		}
	}
	if len(w.rest) == 0 {
		return nil
	}
	defer w.interruptible(ctx)()
	return w.flush()
}

// Close implements sink.Writer. The output stays open.
func (w *Writer) Close() error {
	w.closed = true
	return nil
}

// encode makes the lines of the events what is left to write, or nothing after an error.
func (w *Writer) encode(events []*event.Event) error {
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

// flush writes what is left once, and remembers how far it came.
func (w *Writer) flush() error {
	n, err := w.out.Write(w.rest)
	w.rest = w.rest[n:]
	if err == nil && len(w.rest) > 0 {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// interruptible lets the end of ctx end a write. The function that it returns takes that back.
func (w *Writer) interruptible(ctx context.Context) func() {
	out, ok := w.out.(deadliner)
	if !ok || out.SetWriteDeadline(time.Time{}) != nil {
		return func() {}
	}
	stop := context.AfterFunc(ctx, func() {
		_ = out.SetWriteDeadline(time.Unix(1, 0)) // it could before
	})
	return func() { stop() }
}
