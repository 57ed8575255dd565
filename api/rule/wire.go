package rule

import "encoding/binary"

// Wire is a rule as the kernel takes and lists it: struct audit_rule_data with its strings. It is a string so that it can be compared and
// be the key of a map.
type Wire string

// Canonical returns the form in which rules that the kernel treats alike are equal: without the prepend flag, which the kernel does not list,
// and without the class bits of the mask, which it replaces. The task list looks at no mask.
func (w Wire) Canonical() Wire {
	if len(w) < offBuffer {
		return w
	}
	b := []byte(w)
	flags := binary.NativeEndian.Uint32(b[offFlags:]) &^ flagPrepend
	binary.NativeEndian.PutUint32(b[offFlags:], flags)
	last := offMask + 4*(maskBits/32-1)
	binary.NativeEndian.PutUint32(b[last:], binary.NativeEndian.Uint32(b[last:])&(1<<(32-classBits)-1))
	if list(flags) != listExit && list(flags) != listURing {
		clear(b[offMask:offFields])
	}
	length := int(binary.NativeEndian.Uint32(b[offLength:]))
	if length >= 0 && offBuffer+length <= len(b) {
		b = b[:offBuffer+length] // the kernel lists with padding
	}
	return Wire(b)
}

// List is the number of the filter list that the rule is in, without the flag of -A: AUDIT_FILTER_EXIT and the others of
// include/uapi/linux/audit.h. Rules of different lists do not meet.
func (w Wire) List() uint32 { return w.word(offFlags) &^ flagPrepend }

// Never says whether the rule keeps quiet what later rules of its list would record (-a never,…).
func (w Wire) Never() bool { return w.word(offAction) == uint32(never) }

// First says whether the rule asks for the beginning of its list (-A).
func (w Wire) First() bool { return w.word(offFlags)&flagPrepend != 0 }

// AtFirst returns the rule with the request to be put at the beginning of its list.
func (w Wire) AtFirst() Wire {
	if len(w) < offBuffer {
		return w
	}
	b := []byte(w)
	binary.NativeEndian.PutUint32(b[offFlags:], w.word(offFlags)|flagPrepend)
	return Wire(b)
}

func (w Wire) word(offset int) uint32 {
	if len(w) < offBuffer {
		return 0
	}
	return binary.NativeEndian.Uint32([]byte(w[offset : offset+4]))
}
