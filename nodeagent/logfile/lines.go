package logfile

import (
	"bytes"
	"io"
	"unsafe"
)

const (
	blockSize = 256 << 10
	// longest is how long a line may be. What is longer is no record: the kernel's have at most 8,970 bytes, those of programs little more.
	longest = 1 << 20
)

// lines cuts a stream into lines. The texts of lines lie in blocks of which no byte is written twice, so that a line may be kept; it is kept with
// its block.
type lines struct {
	in    io.Reader
	block []byte // as far as it is read
	at    int    // where the next line begins
	err   error
}

// next returns the next line without its line feed, or false at the end. The last line need not have a line feed. After false, err says
// whether that was the end.
func (l *lines) next() (string, bool) {
	for {
		rest := l.block[l.at:]
		if end := bytes.IndexByte(rest, '\n'); end >= 0 {
			l.at += end + 1
			return text(rest[:end]), true
		}
		if len(rest) >= longest || len(rest) > 0 && l.err != nil { // a part of a line that is too long, or the last
			l.at = len(l.block)
			return text(rest), true
		}
		if l.err != nil {
			return "", false
		}
		l.fill()
	}
}

// fill reads more, into a new block where this one is full.
func (l *lines) fill() {
	if len(l.block) == cap(l.block) {
		rest := l.block[l.at:]
		l.block = append(make([]byte, 0, max(blockSize, 2*len(rest))), rest...)
		l.at = 0
	}
	n, err := l.in.Read(l.block[len(l.block):cap(l.block)])
	l.block, l.err = l.block[:len(l.block)+n], err
}

// text makes a text of bytes that nobody writes again.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // fill writes behind what was read, or to another block
}
