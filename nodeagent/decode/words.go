package decode

import (
	"strconv"
	"strings"
)

// word is a constant with its name.
type word struct {
	number uint64
	name   string
}

// flagWords names the flags in a number, joined with |. Bits without a name are left in hexadecimal.
func flagWords(table []word, n uint64, first ...string) string {
	names := first
	for _, w := range table {
		if n&w.number == w.number {
			names = append(names, w.name)
			n &^= w.number
		}
	}
	if n != 0 {
		names = append(names, "0x"+strconv.FormatUint(n, 16))
	}
	return strings.Join(names, "|")
}

// nameOf names a number, or returns nothing where it has no name.
func nameOf(table []word, n uint64) string {
	for _, w := range table {
		if w.number == n {
			return w.name
		}
	}
	return ""
}
