package optimize

import (
	"cmp"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Numbers of include/uapi/linux/audit.h.
const (
	fieldAuid    = 9
	fieldArch    = 11
	fieldExit    = 103
	fieldSuccess = 104
	fieldInode   = 102
	fieldPath    = 105
	fieldPerm    = 106
	fieldDir     = 107
	fieldKey     = 210

	listExit  = 4
	listURing = 7

	opLess         = 0x10000000
	opGreater      = 0x20000000
	opNotEqual     = 0x30000000
	opEqual        = 0x40000000
	opLessEqual    = 0x50000000
	opGreaterEqual = 0x60000000

	highest = ^uint32(0)
)

// singular are the fields of which an event has one value, compared as 32 bits without a sign: pid, the user ids, pers, arch, ppid, sessionid,
// exit, success, saddr_fam and the arguments. A group may be one of several, and owners and types are those of any file.
var singular = []uint32{0, 1, 2, 3, 4, fieldAuid, 10, fieldArch, 18, 25, fieldExit, fieldSuccess, 113, 200, 201, 202, 203}

// span is what the conditions on a field leave of its values.
type span struct {
	field     uint32
	low, high uint32
	none      bool
	not       []uint32
}

func (s span) empty() bool {
	return s.none || s.low > s.high || s.low == s.high && slices.Contains(s.not, s.low)
}

func (s span) and(t span) span {
	return span{s.field, max(s.low, t.low), min(s.high, t.high), s.none || t.none, slices.Concat(s.not, t.not)}
}

// within says whether all values of s are values of t.
func (s span) within(t span) bool {
	if s.empty() {
		return true
	}
	for _, v := range t.not {
		if v >= s.low && v <= s.high && !slices.Contains(s.not, v) {
			return false
		}
	}
	return !t.none && s.low >= t.low && s.high <= t.high
}

// spanOf returns the values that fulfil a condition, and false where the condition is not on one number.
func spanOf(p rule.Part) (span, bool) {
	if !slices.Contains(singular, p.Field) {
		return span{}, false
	}
	s := span{field: p.Field, high: highest}
	v := p.Value
	if p.Field == fieldSuccess {
		if p.Op != opEqual && p.Op != opNotEqual {
			return span{}, false
		}
		s.high, v = 1, min(v, 1) // the kernel takes every other number for 1
	}
	switch p.Op {
	case opEqual:
		s.low, s.high = v, v
	case opNotEqual:
		s.not = []uint32{v}
	case opLess:
		s.none, s.high = v == 0, v-1
	case opLessEqual:
		s.high = v
	case opGreater:
		s.none, s.low = v == highest, v+1
	case opGreaterEqual:
		s.low = v
	default:
		return span{}, false
	}
	return s.trimmed(), true
}

// trimmed moves the ends over values that are taken out.
func (s span) trimmed() span {
	for slices.Contains(s.not, s.low) && s.low < s.high {
		s.low++
	}
	for slices.Contains(s.not, s.high) && s.low < s.high {
		s.high--
	}
	return s
}

func narrowSpans(spans []span, p rule.Part) []span {
	s, is := spanOf(p)
	if !is {
		return spans
	}
	for n, other := range spans {
		if other.field == s.field {
			spans[n] = other.and(s).trimmed()
			return spans
		}
	}
	return append(spans, s)
}

func compareParts(a, b rule.Part) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Text, b.Text))
}
