package index

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// Build makes the index of a file that lies there: of its lines, or where it is packed with gzip, of the lines of its members. A member that begins
// in the middle of a line may hold anything.
func Build(file io.Reader, changed int64) (*Index, error) {
	in := bufio.NewReaderSize(file, 1<<16)
	magic, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var b Builder
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		err = b.members(&counting{in: in})
	} else {
		err = b.plain(in)
	}
	if err != nil {
		return nil, err
	}
	return b.Index(changed), nil
}

func (b *Builder) plain(in *bufio.Reader) error {
	lines := Lines{in: in}
	for {
		length, err := lines.Block(b.Add)
		if length > 0 {
			b.End(length)
		}
		if err != nil {
			return ending(err)
		}
	}
}

// members adds one member of gzip after the other.
func (b *Builder) members(in *counting) error {
	unpacked, err := gzip.NewReader(in)
	whole := true // the member before this one ended with a line
	for err == nil {
		unpacked.Multistream(false)
		lines := Lines{in: bufio.NewReaderSize(unpacked, 1<<16)}
		begun := whole
		for err == nil {
			_, err = lines.Block(func(line []byte) {
				b.Add(line)
				whole = line[len(line)-1] == '\n'
			})
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
		if !begun || !whole {
			b.begin()
			b.block.Anything = true
		}
		b.End(in.read - b.offset)
		err = unpacked.Reset(in)
	}
	return ending(err)
}

func ending(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// counting counts what is read. It is an io.ByteReader, so that gzip reads no more than a member.
type counting struct {
	in   *bufio.Reader
	read int64
}

// Read implements io.Reader.
func (c *counting) Read(buffer []byte) (int, error) {
	n, err := c.in.Read(buffer)
	c.read += int64(n)
	return n, err
}

// ReadByte implements io.ByteReader.
func (c *counting) ReadByte() (byte, error) {
	value, err := c.in.ReadByte()
	if err == nil {
		c.read++
	}
	return value, err
}

// longest is how long a line may be. One that is longer, which no event is, comes in pieces.
const longest = 1 << 20

// Lines cuts a stream into blocks of whole lines.
type Lines struct {
	in   *bufio.Reader
	long []byte // a line that is longer than the buffer of in
}

// NewLines returns the Lines of a stream.
func NewLines(in io.Reader) *Lines { return &Lines{in: bufio.NewReaderSize(in, 1<<16)} }

// Block hands out the lines of the next block, with their line feeds, and returns how many bytes they have. With the last one it returns io.EOF; that
// one may be empty.
func (l *Lines) Block(take func(line []byte)) (length int64, err error) {
	for length < BlockSize && err == nil {
		var line []byte
		line, err = l.next()
		if len(line) > 0 {
			length += int64(len(line))
			take(line)
		}
	}
	return length, err
}

// next returns a line, valid until the next one.
func (l *Lines) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	l.long = l.long[:0]
	for errors.Is(err, bufio.ErrBufferFull) && len(l.long) < longest {
		l.long = append(l.long, line...)
		line, err = l.in.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return l.long, err
}
