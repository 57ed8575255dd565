package index

import (
	"bytes"
	"math"
	"slices"
)

// Suffix is the end of the name of a file's index.
const Suffix = ".idx"

// BlockSize is how long a block of lines is at least, except for the last: large enough that packing it by itself costs little, small enough that
// a line that is searched for is not far.
const BlockSize = 256 << 10

// most is how many values of a field a block keeps.
const most = 4096

// Index is what is known of a file.
type Index struct {
	// Size and Changed are those of the file: its length, and its time of change in nanoseconds since 1970.
	Size, Changed int64
	// Blocks are the file's, in their order, without gaps.
	Blocks []Block
}

// Block is a part of the file that can be read alone: whole lines, of a packed file a whole member of gzip.
type Block struct {
	// Offset and Length are its place in the file.
	Offset, Length int64
	// Terms are what its lines have.
	Terms
}

// Tells says whether the index is worth keeping: whether there is a block that it can leave out.
func (x *Index) Tells() bool {
	return slices.ContainsFunc(x.Blocks, func(b Block) bool { return !b.Anything })
}

// Builder makes an index of blocks one after the other. It is for one goroutine.
type Builder struct {
	blocks []Block
	block  Terms
	line   Terms
	offset int64
	begun  bool
	kept   [texts]map[string]bool
	known  map[string][]byte // texts, so that each is there once
}

// Add takes a line, with or without its line feed.
func (b *Builder) Add(line []byte) {
	b.begin()
	line = bytes.TrimSuffix(line, []byte{'\n'})
	if b.block.Anything || len(line) == 0 {
		return
	}
	if !b.line.Scan(line) {
		b.block.Anything = true
		return
	}
	b.block.First, b.block.Last = min(b.block.First, b.line.First), max(b.block.Last, b.line.Last)
	b.block.Lowest, b.block.Highest = min(b.block.Lowest, b.line.Lowest), max(b.block.Highest, b.line.Highest)
	for field, values := range b.line.Texts {
		for _, value := range values {
			b.text(Text(field), value)
		}
	}
	for field, values := range b.line.Numbers {
		b.numbers(Number(field), values)
	}
}

func (b *Builder) begin() {
	if b.begun {
		return
	}
	b.begun, b.block = true, Terms{}
	b.block.reset()
	for i := range b.kept {
		b.kept[i] = map[string]bool{}
	}
}

func (b *Builder) text(field Text, value []byte) {
	switch {
	case b.kept[field][string(value)] || b.block.TooMany&(1<<field) != 0:
		return
	case len(b.kept[field]) == most:
		b.block.TooMany |= 1 << field
		b.block.Texts[field] = nil
		return
	}
	own := b.known[string(value)]
	if own == nil {
		own = append(make([]byte, 0, len(value)), value...)
		if b.known == nil {
			b.known = map[string][]byte{}
		}
		b.known[string(value)] = own
	}
	b.kept[field][string(own)] = true
	b.block.Texts[field] = append(b.block.Texts[field], own)
}

func (b *Builder) numbers(field Number, values []uint32) {
	bit := uint32(1) << (int(texts) + int(field))
	if b.block.TooMany&bit != 0 {
		return
	}
	all := &b.block.Numbers[field]
	*all = append(*all, values...)
	if len(*all) < 2*most {
		return
	}
	slices.Sort(*all)
	if *all = slices.Compact(*all); len(*all) > most {
		b.block.TooMany |= bit
		*all = nil
	}
}

// End ends the block, which has so many bytes of the file.
func (b *Builder) End(length int64) {
	b.begin()
	for field, all := range b.block.Numbers {
		slices.Sort(all)
		b.block.Numbers[field] = slices.Compact(all)
	}
	if b.block.First > b.block.Last { // it has no line
		b.block.First, b.block.Last, b.block.Lowest, b.block.Highest = math.MaxInt64, math.MaxInt64, math.MaxUint32, math.MaxUint32
	}
	if b.block.Anything {
		b.block = Terms{Anything: true}
	}
	b.blocks = append(b.blocks, Block{Offset: b.offset, Length: length, Terms: b.block})
	b.offset += length
	b.begun = false
}

// Index returns the index of the file that the blocks were written to, in the state that size and time of change tell.
func (b *Builder) Index(changed int64) *Index {
	return &Index{Size: b.offset, Changed: changed, Blocks: b.blocks}
}
