package event

import "time"

// Header is what the beginning of a record says, `audit(1700000000.123:42):`.
type Header struct {
	// Milliseconds are the kernel's time since 1970.
	Milliseconds int64
	// Serial is the number of the event.
	Serial uint32
	// Body is where the record's text begins, behind the colon.
	Body int
}

// Time is that of the header.
func (h Header) Time() time.Time { return time.UnixMilli(h.Milliseconds).UTC() }

// lastSecond is that of the year 9999, the last that RFC 3339 can write.
const lastSecond = 253402300799

// ParseHeader reads the header of a record. It returns false where there is none, or one with a time that no calendar has.
func ParseHeader(data string) (h Header, ok bool) {
	const opening = "audit("
	at := 0
	for at < len(data) && data[at] == ' ' {
		at++
	}
	if len(data)-at < len(opening) || data[at:at+len(opening)] != opening {
		return Header{}, false
	}
	seconds, at, ok := decimal(data, at+len(opening), '.', lastSecond)
	if !ok {
		return Header{}, false
	}
	milliseconds, at, ok := decimal(data, at, ':', 999)
	if !ok {
		return Header{}, false
	}
	serial, at, ok := decimal(data, at, ')', 1<<32-1)
	if !ok {
		return Header{}, false
	}
	if at < len(data) && data[at] == ':' {
		at++
	}
	return Header{Milliseconds: int64(seconds*1000 + milliseconds), Serial: uint32(serial), Body: at}, true
}

// Headers parses headers, and knows the last one: the records of an event have the same. It is for one goroutine.
type Headers struct {
	text string
	last Header
}

// Parse is ParseHeader.
func (h *Headers) Parse(data string) (Header, bool) {
	if n := len(h.text); n > 0 && len(data) >= n && data[:n] == h.text {
		return h.last, true
	}
	header, ok := ParseHeader(data)
	if ok {
		h.text, h.last = data[:header.Body], header
	}
	return header, ok
}

// decimal reads a number of at most most up to the byte that ends it, and returns where it goes on behind that.
func decimal(text string, at int, end byte, most uint64) (n uint64, next int, ok bool) {
	start := at
	for ; at < len(text); at++ {
		digit := text[at] - '0'
		if digit > 9 {
			break
		}
		if n = n*10 + uint64(digit); n > most {
			return 0, 0, false
		}
	}
	if at == start || at == len(text) || text[at] != end {
		return 0, 0, false
	}
	return n, at + 1, true
}
