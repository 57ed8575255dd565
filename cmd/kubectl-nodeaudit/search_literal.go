package main

import (
	"bytes"
	"strings"
)

// literals are texts that each line of the native form has in it if its event is searched for. To look for them is some twenty times as fast as to
// read the line, so that the file that is being written, which has no index, costs little.
type literals [][]byte

// part asks for a text, or for what of it every writer of JSON writes as it is.
func (l *literals) part(wanted string) {
	for plain := range strings.FieldsFuncSeq(wanted, func(r rune) bool { return !isPlain(r) }) {
		*l = append(*l, []byte(plain))
	}
}

// pattern asks for the pieces of a pattern of path.Match in which each character stands for itself.
func (l *literals) pattern(wanted string) {
	if !strings.ContainsAny(wanted, `[\`) {
		l.part(wanted)
	}
}

// isPlain says whether a character is in no way special: neither in JSON nor in a pattern.
func isPlain(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-_.:@=+/ ", r)
}

// miss says whether the line certainly is not searched for. Of lines that are not of the native form, not whole, or have characters written in
// another way than they need, it says no.
func (l literals) miss(line []byte) bool {
	const native = `{"time":"`
	if len(l) == 0 || !bytes.HasPrefix(line, []byte(native)) || line[len(line)-1] != '\n' {
		return false
	}
	for _, wanted := range l {
		if !bytes.Contains(line, wanted) {
			return !bytes.Contains(line, []byte(`\u`)) && !bytes.Contains(line, []byte(`\/`))
		}
	}
	return false
}
