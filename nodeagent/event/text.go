package event

import (
	"encoding/base64"
	"unicode/utf8"
)

// plain says of each byte whether JSON takes it in a string as it is and as a character of its own.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\'
	}
	return table
}()

const digits = "0123456789abcdef"

// appendText appends a JSON string. In place of what is not UTF-8 it has U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	b, _ = appendEscaped(b, s)
	return append(b, '"')
}

// appendEscaped appends what stands between the quotes of a JSON string, and says whether s is UTF-8.
func appendEscaped(b []byte, s string) (_ []byte, valid bool) {
	valid = true
	for {
		n := plainLength(s)
		b = append(b, s[:n]...)
		if n == len(s) {
			return b, valid
		}
		c := s[n]
		if c < utf8.RuneSelf {
			b = appendEscape(b, c)
			s = s[n+1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
			valid = false
		case r == '\u2028' || r == '\u2029': // JavaScript takes these for ends of lines
			b = append(append(b, `\u202`...), digits[r&0xf])
		default:
			b = append(b, s[n:n+size]...)
		}
		s = s[n+size:]
	}
}

// plainLength is how many bytes at the beginning of s are plain. It looks at eight at a time: most of a line is text of records.
func plainLength(s string) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(s); n += 8 {
		w := s[n : n+8]
		word := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		quote, backslash := word^(ones*'"'), word^(ones*'\\')
		// The high bit of a byte is set where it is below a space, equal to one of the two, or beyond ASCII.
		if (word|(word-ones*' ')|(quote-ones)|(backslash-ones))&high != 0 {
			break
		}
	}
	for n < len(s) && plain[s[n]] {
		n++
	}
	return n
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
