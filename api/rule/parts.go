package rule

import (
	"fmt"
	"slices"
	"strings"
)

// MaskWords is the length of a rule's mask of system calls, in words of 32 bits: AUDIT_BITMASK_SIZE.
const MaskWords = maskBits / 32

// Parts is a rule in wire form, taken apart: numbers as in include/uapi/linux/audit.h. It is for programs that compare or rebuild rules as the
// kernel sees them; people read a Rule.
type Parts struct {
	// List is AUDIT_FILTER_EXIT or another list.
	List uint32
	// First says that the rule asks for the beginning of its list (-A).
	First bool
	// Never says that the rule keeps quiet what later rules would record.
	Never bool
	// Mask has a bit for each system call. The last 16 bits are classes, which Wire.Canonical clears.
	Mask [MaskWords]uint32
	// Fields are the conditions, in the order in which the kernel looks at them. The keys are one of them, at the place where they stood.
	Fields []Part
}

// Part is one field of a rule.
type Part struct {
	// Field is AUDIT_PID or another field.
	Field uint32
	// Op is AUDIT_EQUAL or another comparison.
	Op uint32
	// Value is the number to compare with; 0 where the value is Text.
	Value uint32
	// Text is the value of a field that takes a string.
	Text string
}

// IsText says whether the value of the part is its Text.
func (p Part) IsText() bool {
	t, known := fieldWith(p.Field)
	return known && t.kind.isString()
}

// Open takes the wire form apart. It returns an error that wraps ErrWire where that is not a rule, or has a field or a list that this program
// does not know.
func (w Wire) Open() (Parts, error) {
	if len(w) < offBuffer {
		return Parts{}, fmt.Errorf("%d bytes: %w", len(w), ErrWire)
	}
	p := Parts{List: w.List(), First: w.First(), Never: w.Never()}
	count := w.word(offCount)
	if count > maxFields {
		return Parts{}, fmt.Errorf("%d fields: %w", count, ErrWire)
	}
	if list(p.List).String() == "" || action(w.word(offAction)).String() == "" {
		return Parts{}, fmt.Errorf("list %d, action %d: %w", p.List, w.word(offAction), ErrWire)
	}
	for i := range p.Mask {
		p.Mask[i] = w.word(offMask + 4*i)
	}
	buffer := string(w[offBuffer:])
	p.Fields = make([]Part, count)
	for i := range p.Fields {
		f, rest, err := decodeField(w.word(offFields+4*i), w.word(offValues+4*i), operator(w.word(offFlagsOf+4*i)), buffer)
		if err != nil {
			return Parts{}, err
		}
		p.Fields[i], buffer = Part{Field: f.id, Op: uint32(f.op), Value: f.value.number, Text: f.value.text}, rest
	}
	return p, nil
}

// Wire puts the parts together again: Open and Wire undo each other.
func (p Parts) Wire() Wire {
	b := make([]byte, offBuffer, offBuffer+256)
	flags, act := p.List, always
	if p.First {
		flags |= flagPrepend
	}
	if p.Never {
		act = never
	}
	put(b, offFlags, flags)
	put(b, offAction, uint32(act))
	put(b, offCount, uint32(len(p.Fields)))
	for i, m := range p.Mask {
		put(b, offMask+4*i, m)
	}
	for i, f := range p.Fields {
		value := f.Value
		if f.IsText() {
			value = uint32(len(f.Text))
		}
		put(b, offFields+4*i, f.Field)
		put(b, offValues+4*i, value)
		put(b, offFlagsOf+4*i, f.Op)
		b = append(b, f.Text...)
	}
	put(b, offLength, uint32(len(b)-offBuffer))
	return Wire(b)
}

// Keys returns the keys that the rule writes into the events that it records.
func (p Parts) Keys() []string {
	i := slices.IndexFunc(p.Fields, func(f Part) bool { return f.Field == fieldKey })
	if i < 0 {
		return nil
	}
	return strings.Split(p.Fields[i].Text, keySeparator)
}
