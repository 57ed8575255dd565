package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// magic is how an index begins; the number is that of the form below.
const magic = "nodeaudit index 1\n"

// The form: magic; size and time of change; the texts, each with its length; the blocks, each with length, a flag, and unless that says
// "anything": span of times and serials, fields with too many values, for each text field the numbers of its texts, for each number field
// the differences of its values; at last the CRC-32 of all before it. Numbers are varints of encoding/binary.

// Append appends the form of an index that is kept in a file.
func (x *Index) Append(b []byte) []byte {
	start := len(b)
	b = binary.AppendVarint(binary.AppendVarint(append(b, magic...), x.Size), x.Changed)
	places := map[string]uint64{}
	var all []byte
	for i := range x.Blocks {
		for _, values := range x.Blocks[i].Texts {
			for _, value := range values {
				if _, known := places[string(value)]; !known {
					places[string(value)] = uint64(len(places))
					all = append(binary.AppendUvarint(all, uint64(len(value))), value...)
				}
			}
		}
	}
	b = append(binary.AppendUvarint(b, uint64(len(places))), all...)
	b = binary.AppendUvarint(b, uint64(len(x.Blocks)))
	for i := range x.Blocks {
		b = x.Blocks[i].append(b, places)
	}
	return seal(b, start)
}

// seal appends the sum of what begins at start.
func seal(b []byte, start int) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

func (k *Block) append(b []byte, places map[string]uint64) []byte {
	b = binary.AppendVarint(b, k.Length)
	if k.Anything {
		return append(b, 1)
	}
	b = binary.AppendVarint(append(b, 0), k.First)
	b = binary.AppendVarint(b, k.Last)
	b = binary.AppendUvarint(b, uint64(k.Lowest))
	b = binary.AppendUvarint(b, uint64(k.Highest))
	b = binary.AppendUvarint(b, uint64(k.TooMany))
	for _, values := range k.Texts {
		b = binary.AppendUvarint(b, uint64(len(values)))
		for _, value := range values {
			b = binary.AppendUvarint(b, places[string(value)])
		}
	}
	for _, values := range k.Numbers {
		b = binary.AppendUvarint(b, uint64(len(values)))
		last := uint32(0)
		for _, value := range values {
			b = binary.AppendUvarint(b, uint64(value-last))
			last = value
		}
	}
	return b
}

var errBroken = errors.New("this is no index that can be used; it is made again when it is removed")

// Parse reads what Append wrote. The index shares its memory.
func Parse(b []byte) (*Index, error) {
	end := len(b) - crc32.Size
	if end < len(magic) || string(b[:len(magic)]) != magic || binary.LittleEndian.Uint32(b[end:]) != crc32.ChecksumIEEE(b[:end]) {
		return nil, errBroken
	}
	p := parser{rest: b[len(magic):end]}
	x := &Index{Size: p.signed(), Changed: p.signed()}
	p.texts = make([][]byte, p.count())
	for i := range p.texts {
		p.texts[i] = p.bytes(p.count())
	}
	x.Blocks = make([]Block, p.count())
	offset := int64(0)
	for i := range x.Blocks {
		k := &x.Blocks[i]
		p.block(k)
		if k.Length < 0 || k.Length > math.MaxInt64-offset {
			p.wrong = true
			break
		}
		k.Offset = offset
		offset += k.Length
	}
	if p.wrong || len(p.rest) > 0 || offset != x.Size {
		return nil, fmt.Errorf("reading %d bytes: %w", len(b), errBroken)
	}
	return x, nil
}

// parser goes over the form of an index. Where it is none it is wrong, and returns zeros.
type parser struct {
	rest  []byte
	texts [][]byte
	wrong bool
}

func (p *parser) block(k *Block) {
	k.Length = p.signed()
	switch flag := p.bytes(1); {
	case p.wrong:
		return
	case flag[0] == 1:
		k.Anything = true
		return
	case flag[0] != 0:
		p.wrong = true
		return
	}
	k.First, k.Last = p.signed(), p.signed()
	k.Lowest, k.Highest, k.TooMany = p.number(), p.number(), p.number()
	for field := range k.Texts {
		values := make([][]byte, p.count())
		for i := range values {
			place := p.unsigned()
			if place >= uint64(len(p.texts)) {
				p.wrong = true
				return
			}
			values[i] = p.texts[place]
		}
		k.Texts[field] = values
	}
	for field := range k.Numbers {
		values := make([]uint32, p.count())
		last := uint32(0)
		for i := range values {
			last += p.number()
			values[i] = last
		}
		k.Numbers[field] = values
	}
}

// count reads how many follow: of each there is a byte at least.
func (p *parser) count() int {
	n := p.unsigned()
	if n > uint64(len(p.rest)) {
		p.wrong = true
		return 0
	}
	return int(n)
}

func (p *parser) bytes(n int) []byte {
	if n > len(p.rest) {
		p.wrong = true
		return nil
	}
	value := p.rest[:n:n]
	p.rest = p.rest[n:]
	return value
}

func (p *parser) number() uint32 {
	n := p.unsigned()
	p.wrong = p.wrong || n > math.MaxUint32
	return uint32(n)
}

func (p *parser) unsigned() uint64 {
	n, length := binary.Uvarint(p.rest)
	return advance(p, n, length)
}

func (p *parser) signed() int64 {
	n, length := binary.Varint(p.rest)
	return advance(p, n, length)
}

func advance[N int64 | uint64](p *parser, n N, length int) N {
	if length <= 0 || p.wrong {
		p.wrong = true
		return 0
	}
	p.rest = p.rest[length:]
	return n
}
