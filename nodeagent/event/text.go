package event

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const digits = "0123456789abcdef"

// appendText appends a JSON string. In place of what is not UTF-8 it has U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	b, _ = appendEscaped(b, s)
	return append(b, '"')
}

// room is how much is always free while a text is written: what is written at once, or the longest escape.
const room = 32

// appendEscaped appends what stands between the quotes of a JSON string, and says whether s is UTF-8. It looks at eight or sixteen bytes at a
// time and writes them where they are plain: most of a line is text of records.
func appendEscaped(b []byte, s string) (_ []byte, valid bool) {
	valid = true
	for len(s) > 0 {
		if cap(b)-len(b) < room {
			b = slices.Grow(b, len(s)+room)
		}
		to := b[len(b) : len(b)+room]
		if len(s) >= 16 {
			first, second := load(s), load(s[8:])
			if special(first)|special(second) == 0 {
				binary.LittleEndian.PutUint64(to, first)
				binary.LittleEndian.PutUint64(to[8:], second)
				b, s = b[:len(b)+16], s[16:]
				continue
			}
		}
		length := min(len(s), 8)
		var word uint64
		if length == 8 {
			word = load(s)
		} else {
			word = loadShort(s)
		}
		binary.LittleEndian.PutUint64(to, word)
		found := special(word)
		if found == 0 {
			b, s = b[:len(b)+length], s[length:]
			continue
		}
		n := bits.TrailingZeros64(found) / 8
		b, s = b[:len(b)+n], s[n:]
		var ok bool
		b, n, ok = appendSpecial(b, s)
		s = s[n:]
		valid = valid && ok
	}
	return b, valid
}

// loadShort is load for less than eight bytes, of which there is one. Spaces, which are plain, stand for the rest.
func loadShort(s string) uint64 {
	const spaces = 0x2020202020202020
	var word uint64
	switch n := len(s); {
	case n >= 4:
		low := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
		t := s[n-4:]
		high := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24
		word = low | high<<(8*uint(n-4))
	default:
		word = uint64(s[0]) | uint64(s[n/2])<<(8*uint(n/2)) | uint64(s[n-1])<<(8*uint(n-1))
	}
	return word | spaces<<(8*uint(len(s)))
}

// load is the first eight bytes, the first of them lowest.
func load(s string) uint64 {
	s = s[:8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// special has the high bit of bytes that are not plain: below a space, equal to one of two, or beyond ASCII. The lowest is exact; those above it
// may be wrong, as a difference borrows from the next byte.
func special(word uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^(ones*'"'), word^(ones*'\\')
	return (word | (word - ones*' ') | (quote - ones) | (backslash - ones)) & high
}

// appendSpecial appends the first character of s, which is not plain, and returns how long it is, and whether it is UTF-8.
func appendSpecial(b []byte, s string) (_ []byte, size int, valid bool) {
	if c := s[0]; c < utf8.RuneSelf {
		return appendEscape(b, c), 1, true
	}
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return append(b, `\ufffd`...), 1, false
	case r == '\u2028' || r == '\u2029': // JavaScript takes these for ends of lines
		return append(append(b, `\u202`...), digits[r&0xf]), size, true
	default:
		return append(b, s[:size]...), size, true
	}
}

// appendEscape appends a byte of ASCII that is not plain, as encoding/json does.
func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	default:
		return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
	}
}

// appendRecord appends the JSON form of a record.
func appendRecord(b []byte, r *Record) []byte {
	b = append(b, `{"type":`...)
	b = appendText(b, r.TypeName)
	if r.Data != "" {
		before := len(b)
		var valid bool
		b, valid = appendEscaped(append(b, `,"data":"`...), r.Data)
		if !valid {
			b = append(b[:before], `,"base64":"`...)
			b = base64.StdEncoding.AppendEncode(b, []byte(r.Data))
		}
		b = append(b, '"')
	}
	return append(b, '}')
}

// appendFields appends fields as an object.
func appendFields(b []byte, fields Fields) []byte {
	b = append(b, '{')
	for i := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, fields[i].Name)
		b = append(b, ':')
		b = appendText(b, fields[i].Value)
	}
	return append(b, '}')
}
