package s3

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// object is what is put.
type object struct {
	name, kind string
	body       []byte
}

// folder is the part of an object's name that tools partition by.
func folder(record *export.Record) string {
	return path.Join(record.Time.UTC().Format("dt=2006-01-02/hour=15"), "node="+record.Node)
}

// sameFolder is how many of the records, from the first on, go into one object.
func sameFolder(records []export.Record) int {
	first := folder(&records[0])
	for i := range records {
		if folder(&records[i]) != first {
			return i
		}
	}
	return len(records)
}

// object names lines by their own content: whoever puts the same lines again puts the same object, and other lines never take its place.
func (b *bucket) object(records []export.Record) (object, error) {
	var lines bytes.Buffer
	for i := range records {
		lines.WriteString(records[i].Body)
		lines.WriteByte('\n')
	}
	sum := sha256.Sum256(lines.Bytes())
	first := &records[0]
	ending := ".log"
	if first.IsObject() {
		ending = ".ndjson"
	}
	name := fmt.Sprintf("%s-%s%s", first.Time.UTC().Format("20060102T150405.000Z"), hex.EncodeToString(sum[:8]), ending)
	o := object{name: path.Join(b.options.Prefix, folder(first), name+".gz"), kind: "application/gzip"}
	if b.options.Zstd {
		o.name, o.kind = path.Join(b.options.Prefix, folder(first), name+".zst"), "application/zstd"
	}
	var err error
	o.body, err = pack(lines.Bytes(), b.options.Zstd)
	return o, err
}

func pack(lines []byte, withZstd bool) ([]byte, error) {
	if withZstd {
		encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, fmt.Errorf("packing with zstd: %w", err)
		}
		return encoder.EncodeAll(lines, nil), encoder.Close()
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write(lines) // a buffer takes everything
	err := writer.Close()
	return packed.Bytes(), err
}
