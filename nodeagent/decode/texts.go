package decode

import "strings"

// texts makes the texts that no record has as they are. They lie behind each other in pieces of memory that are never written to again, so
// that a text may be kept; each is kept with its piece.
type texts struct {
	piece strings.Builder
	bytes [512]byte // decoded, on the way into the piece
}

// pieceSize is small, because an event that waits in a queue keeps its piece.
const pieceSize = 8 << 10

// begin makes room for a text of a length, and returns where it begins.
func (t *texts) begin(length int) int {
	if t.piece.Cap()-t.piece.Len() < length {
		t.piece.Reset()
		t.piece.Grow(max(length, pieceSize))
	}
	return t.piece.Len()
}

// from returns what was written since begin.
func (t *texts) from(begin int) string {
	return t.piece.String()[begin:]
}

// text is the value of a field that others than the kernel choose. The kernel puts it in quotes, or in hexadecimal where it has a space,
// a quote or a byte that cannot be printed: audit_log_untrustedstring.
func (t *texts) text(s *scanner) string {
	if s.quoted || !isHex(s.raw) {
		return s.raw
	}
	begin := t.begin(len(s.raw) / 2)
	t.decode(s.raw, 0)
	return t.from(begin)
}

// joined returns a text with another piece of it. What was made last grows where it is.
func (t *texts) joined(before string, s *scanner) string {
	begin := t.piece.Len() - len(before)
	more := len(s.raw)
	if begin < 0 || t.piece.String()[begin:] != before || t.piece.Cap()-t.piece.Len() < more {
		t.piece.Reset()
		t.piece.Grow(max(2*(len(before)+more), pieceSize))
		begin = 0
		t.piece.WriteString(before)
	}
	if s.quoted || !isHex(s.raw) {
		t.piece.WriteString(s.raw)
	} else {
		t.decode(s.raw, 0)
	}
	return t.from(begin)
}

// commandLine decodes a PROCTITLE, in which a zero byte ends each part.
func (t *texts) commandLine(s *scanner) string {
	if s.quoted || !isHex(s.raw) {
		return s.raw
	}
	raw := s.raw
	for strings.HasSuffix(raw, "00") {
		raw = raw[:len(raw)-2]
	}
	begin := t.begin(len(raw) / 2)
	t.decode(raw, ' ')
	return t.from(begin)
}

// decode writes the bytes of a hexadecimal text, with zero in place of zero bytes.
func (t *texts) decode(raw string, zero byte) {
	for len(raw) > 0 {
		n := 0
		for ; n < len(t.bytes) && 2*n < len(raw); n++ {
			c := hexDigit[raw[2*n]]<<4 | hexDigit[raw[2*n+1]]
			if c == 0 {
				c = zero
			}
			t.bytes[n] = c
		}
		t.piece.Write(t.bytes[:n])
		raw = raw[2*n:]
	}
}

// notHex is what hexDigit has for a byte that is no digit.
const notHex = 0xff

var hexDigit = func() (table [256]byte) {
	for c := range table {
		switch {
		case c >= '0' && c <= '9':
			table[c] = byte(c) - '0'
		case c >= 'A' && c <= 'F':
			table[c] = byte(c) - 'A' + 10
		case c >= 'a' && c <= 'f':
			table[c] = byte(c) - 'a' + 10
		default:
			table[c] = notHex
		}
	}
	return table
}()

func isHex(raw string) bool {
	if len(raw)%2 != 0 {
		return false
	}
	for i := range len(raw) {
		if hexDigit[raw[i]] == notHex {
			return false
		}
	}
	return true
}
