package logfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Unpacked returns what is in a stream, whether it is compressed with gzip, zstd or xz, or not. Its first bytes tell.
func Unpacked(in io.Reader) (io.Reader, error) {
	peeking := bufio.NewReaderSize(in, blockSize)
	magic, err := peeking.Peek(6)
	switch {
	case err != nil && len(magic) == 0:
		return peeking, nil // empty, or it fails again when it is read
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(peeking)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// One goroutine, and no more memory than the largest window that zstd takes without being told to.
		decoder, err := zstd.NewReader(peeking, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return decoder.IOReadCloser(), nil
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(peeking)
	default:
		return peeking, nil
	}
}
