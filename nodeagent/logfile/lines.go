package logfile

import (
	"bytes"
	"io"
	"strings"
)

const (
	blockSize = 256 << 10
	// longest is how long a line may be. What is longer is no record: the kernel's have at most 8,970 bytes, those of programs little more.
	longest = 1 << 20
)

// lines cuts a stream into lines. The texts of lines lie in blocks that are never written to again, so that a line may be kept; it is kept with
// its block.
type lines struct {
	in    io.Reader
	bytes []byte // read, and not yet in a block
	block string // of whole lines
	err   error
}

// next returns the next line without its line feed, or false at the end. The last line need not have a line feed. After false, err says
// whether that was the end.
func (l *lines) next() (string, bool) {
	for {
		if end := strings.IndexByte(l.block, '\n'); end >= 0 {
			line := l.block[:end]
			l.block = l.block[end+1:]
			return line, true
		}
		if l.block != "" { // a last line, or a part of one that is too long
			line := l.block
			l.block = ""
			return line, true
		}
		if l.err != nil {
			return "", false
		}
		l.fill()
	}
}

// fill reads until there is a whole line, and makes a block of all whole lines.
func (l *lines) fill() {
	if l.bytes == nil {
		l.bytes = make([]byte, 0, blockSize)
	}
	for l.err == nil {
		if len(l.bytes) == cap(l.bytes) {
			l.bytes = append(make([]byte, 0, 2*cap(l.bytes)), l.bytes...)
		}
		n, err := l.in.Read(l.bytes[len(l.bytes):cap(l.bytes)])
		old := len(l.bytes)
		l.bytes, l.err = l.bytes[:old+n], err
		if end := bytes.LastIndexByte(l.bytes[old:], '\n'); end >= 0 {
			l.cut(old + end + 1)
			return
		}
		if len(l.bytes) >= longest {
			break
		}
	}
	l.cut(len(l.bytes))
}

// cut makes a block of the first bytes.
func (l *lines) cut(end int) {
	l.block = string(l.bytes[:end])
	l.bytes = l.bytes[:copy(l.bytes, l.bytes[end:])]
}
