package logfile

import (
	"fmt"
	"io"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Line is a line of a log.
type Line struct {
	// Number is that of the line in the log, from 1.
	Number int64
	// Node is the name of the machine that the line is from. Empty where the log does not say.
	Node string
	// Record is what it says. A line that is no record is one all the same, with type 0 and the name BrokenType.
	Record event.Record
	// Event is set instead of Record where the line is an event already: in a file of the agent.
	Event *event.Event
	// Err says why the line is no record, or one without a time. It is nil for nearly all.
	Err error
}

// BrokenType is the name of the type of what is no record.
const BrokenType = "UNREADABLE"

// Reader reads the lines of a log. It is for one goroutine.
type Reader struct {
	lines   lines
	number  int64
	headers event.Headers
}

// NewReader returns a Reader of a log, which may be compressed with gzip, zstd or xz. The error says that what is compressed cannot be read.
func NewReader(log io.Reader) (*Reader, error) {
	in, err := Unpacked(log)
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return &Reader{lines: lines{in: in}}, nil
}

// Next reads the next line that says something and returns true, or false at the end.
func (r *Reader) Next(line *Line) bool {
	for {
		text, more := r.lines.next()
		if !more {
			return false
		}
		r.number++
		*line = Line{Number: r.number}
		if r.parse(text, line) {
			return true
		}
	}
}

// Err says why Next returned false, where that was not the end of the log.
func (r *Reader) Err() error {
	if r.lines.err == nil || r.lines.err == io.EOF { //nolint:errorlint // io.Reader must not wrap it
		return nil
	}
	return fmt.Errorf("line %d: %w", r.number+1, r.lines.err)
}
