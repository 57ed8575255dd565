package index

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// Found is the parts of a file that a search has to read.
type Found struct {
	// Size and Changed are those of the file, as in its Index.
	Size, Changed int64
	// Parts are blocks that may hold what is searched for. Neighbours are one part.
	Parts []Part
}

// Part is a place in a file.
type Part struct {
	// Offset is where it begins, and Length how many bytes it has.
	Offset, Length int64
}

// add adds a block that may hold what is searched for.
func (f *Found) add(offset, length int64) {
	if length == 0 {
		return
	}
	if last := len(f.Parts) - 1; last >= 0 && f.Parts[last].Offset+f.Parts[last].Length == offset {
		f.Parts[last].Length += length
		return
	}
	f.Parts = append(f.Parts, Part{Offset: offset, Length: length})
}

// Find returns the blocks of the index that Query.May does not rule out.
func (x *Index) Find(q *Query) *Found {
	found := &Found{Size: x.Size, Changed: x.Changed}
	for i := range x.Blocks {
		if b := &x.Blocks[i]; q.May(&b.Terms) {
			found.add(b.Offset, b.Length)
		}
	}
	return found
}

// Find is Parse and then Find, without making the index: of ten GiB of events that has millions of numbers, which are gone over here once.
func Find(b []byte, q *Query) (*Found, error) {
	end := len(b) - crc32.Size
	if end < len(magic) || string(b[:len(magic)]) != magic || binary.LittleEndian.Uint32(b[end:]) != crc32.ChecksumIEEE(b[:end]) {
		return nil, errBroken
	}
	p := parser{rest: b[len(magic):end]}
	found := &Found{Size: p.signed(), Changed: p.signed()}
	p.texts = make([][]byte, p.count())
	for i := range p.texts {
		p.texts[i] = p.bytes(p.count())
	}
	f := finder{parser: &p, query: q, holding: make([][]answer, len(q.Texts))}
	offset := int64(0)
	for range p.count() {
		length, may := f.block()
		if length < 0 || length > math.MaxInt64-offset {
			p.wrong = true
		}
		if p.wrong {
			break
		}
		if may {
			found.add(offset, length)
		}
		offset += length
	}
	if p.wrong || len(p.rest) > 0 || offset != found.Size {
		return nil, fmt.Errorf("reading %d bytes: %w", len(b), errBroken)
	}
	return found, nil
}

// finder asks the blocks of a written index one after the other.
type finder struct {
	*parser
	query   *Query
	holding [][]answer // for each condition about a text, of each text of the index
}

// answer is what a condition has said of a text.
type answer byte

const (
	notAsked answer = iota
	no
	yes
)

// block goes over a block and says what Query.May says of it.
func (f *finder) block() (length int64, may bool) {
	length = f.signed()
	switch flag := f.bytes(1); {
	case f.wrong:
		return 0, false
	case flag[0] == 1:
		return length, true
	case flag[0] != 0:
		f.wrong = true
		return 0, false
	}
	q := f.query
	t := Terms{First: f.signed(), Last: f.signed(), Lowest: f.number(), Highest: f.number(), TooMany: f.number()}
	may = (&Query{From: q.From, To: q.To, Serial: q.Serial, SerialAsked: q.SerialAsked}).May(&t)
	var met uint64 // has a bit for each condition about texts, and behind those for each about numbers
	for field := range texts {
		met |= f.textsOf(field, &t)
	}
	for field := range numbers {
		met |= f.numbersOf(field, &t)
	}
	asked := len(q.Texts) + len(q.Numbers)
	return length, may && (asked > 64 || met|^uint64(0)<<asked == ^uint64(0))
}

// textsOf goes over the texts of a field and returns a bit for each condition that they meet.
func (f *finder) textsOf(field Text, t *Terms) (met uint64) {
	n := f.count()
	for i := range f.query.Texts {
		if f.query.Texts[i].Field == field && t.TooMany&(1<<field) != 0 {
			met |= 1 << i
		}
	}
	for range n {
		place := f.unsigned()
		if place >= uint64(len(f.texts)) {
			f.wrong = true
			return 0
		}
		for i := range f.query.Texts {
			if f.query.Texts[i].Field == field && f.holds(i, place) {
				met |= 1 << i
			}
		}
	}
	return met
}

// holds says whether a condition holds for a text of the index, which it is asked once.
func (f *finder) holds(condition int, place uint64) bool {
	if f.holding[condition] == nil {
		f.holding[condition] = make([]answer, len(f.texts))
	}
	known := &f.holding[condition][place]
	if *known == notAsked {
		*known = no
		if f.query.Texts[condition].Holds(f.texts[place]) {
			*known = yes
		}
	}
	return *known == yes
}

// numbersOf is textsOf for numbers.
func (f *finder) numbersOf(field Number, t *Terms) (met uint64) {
	n := f.count()
	tooMany := t.TooMany&(1<<(int(texts)+int(field))) != 0
	var wanted []uint32
	var bits []uint64
	for i := range f.query.Numbers {
		condition := &f.query.Numbers[i]
		for _, one := range condition.Fields {
			if one != field {
				continue
			}
			bit := uint64(1) << (len(f.query.Texts) + i)
			if tooMany {
				met |= bit
			} else {
				wanted, bits = append(wanted, condition.Value), append(bits, bit)
			}
		}
	}
	last, rest := uint32(0), f.rest
	for range n {
		if len(rest) > 0 && rest[0] < 0x80 { // as most differences are
			last += uint32(rest[0])
			rest = rest[1:]
		} else {
			f.rest = rest
			last += f.number()
			rest = f.rest
		}
		for i, value := range wanted {
			if value == last {
				met |= bits[i]
			}
		}
	}
	f.rest = rest
	return met
}
