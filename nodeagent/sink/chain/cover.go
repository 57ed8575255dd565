package chain

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// cover is the lines that no checkpoint covers yet.
type cover struct {
	sum          hash.Hash
	lines, bytes int64
	isTorn       bool // the last line has no end
}

func newCover() cover { return cover{sum: sha256.New()} }

func (c *cover) add(lines []byte) {
	c.sum.Write(lines)
	c.lines += int64(bytes.Count(lines, []byte{'\n'}))
	c.bytes += int64(len(lines))
	c.isTorn = len(lines) > 0 && lines[len(lines)-1] != '\n'
}

func (c *cover) reset() {
	c.sum.Reset()
	c.lines, c.bytes, c.isTorn = 0, 0, false
}

func (c *cover) content() Hash { return Hash(c.sum.Sum(nil)) }

// eachLine calls part with the pieces of each line, and whole with a line that is short enough for a checkpoint, before its piece. The last line
// may lack its end. What whole takes, part does not get.
func eachLine(in io.Reader, whole func(line []byte) (taken bool), part func(piece []byte, ends bool)) error {
	reader := bufio.NewReaderSize(in, longest)
	isMiddle := false
	for {
		piece, err := reader.ReadSlice('\n')
		ends := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return err
		}
		if len(piece) > 0 && (isMiddle || !ends || !whole(piece)) {
			part(piece, ends)
		}
		isMiddle = !ends
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}
