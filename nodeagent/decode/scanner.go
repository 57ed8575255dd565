package decode

import "strings"

// scanner goes over the fields of a record's text in their order. Those in the quoted message of a user-space record are among them. Words
// that are no fields are left out.
type scanner struct {
	text string
	at   int
	// The field that next found: its name, never empty, and its value as the record has it, without its quotes.
	key, raw string
	quoted   bool
	// enriched is set behind the byte by which auditd separates what it adds to a record: names of what is a number before it.
	enriched bool
	inside   bool // of a message
	closing  int  // where the quote is that ends it
}

// separator is what auditd writes before its own words.
const separator = '\x1d'

// next goes to the next field and says whether there is one.
func (s *scanner) next() bool {
	text := s.text
	for at := s.at; at < len(text); {
		switch c := text[at]; {
		case c == ' ' || c == ',' || c == '\n' || c == '\'' && s.inside && at == s.closing:
			at++
			continue
		case c == separator:
			s.enriched = true
			at++
			continue
		}
		start := at
		for at < len(text) && text[at] != '=' && (text[at] > ' ' || !endsWord(text[at])) {
			at++
		}
		if at == len(text) {
			break
		}
		if text[at] != '=' {
			continue
		}
		key := text[start:at]
		at++
		if s.inside && key != "" && key[0] == '(' { // as in (hostname=?, addr=?), which old programs write
			key = key[1:]
		}
		if key == "msg" && !s.inside && at < len(text) && text[at] == '\'' {
			s.message(at)
			at++
			continue
		}
		at = s.value(at)
		if key != "" {
			s.key, s.at = key, at
			return true
		}
	}
	s.at = len(text)
	return false
}

// expect goes to the next field where that has this name, which is written with the equals sign, and says whether it has.
func (s *scanner) expect(name string) bool {
	at := s.at
	if at < len(s.text) && s.text[at] == ' ' {
		at++
	}
	if len(s.text)-at < len(name) || s.text[at:at+len(name)] != name {
		return false
	}
	s.key = name[:len(name)-1]
	s.at = s.value(at + len(name))
	return true
}

// value takes the value that begins at a place and returns where it ends. There is no escaping in quotes: a text with a quote in it is in
// hexadecimal.
func (s *scanner) value(at int) (end int) {
	text := s.text
	if at < len(text) && text[at] == '"' {
		at++
		length := strings.IndexByte(text[at:], '"')
		if length < 0 {
			s.raw, s.quoted = text[at:], true
			return len(text)
		}
		s.raw, s.quoted = text[at:at+length], true
		return at + length + 1
	}
	start := at
	for at < len(text) && (text[at] > ' ' || !endsWord(text[at])) {
		at++
	}
	if s.inside && at == s.closing+1 && at > start {
		at-- // the quote that ends the message
	}
	s.raw, s.quoted = text[start:at], false
	if s.inside {
		s.raw = unlisted(s.raw)
	}
	return at
}

// unlisted takes away what ends a value in a message of an old program: (hostname=?, addr=192.0.2.1, terminal=cron res=success).
func unlisted(raw string) string {
	if strings.HasSuffix(raw, ",") {
		return raw[:len(raw)-1]
	}
	if strings.HasSuffix(raw, ")") && !strings.Contains(raw, "(") {
		return raw[:len(raw)-1]
	}
	return raw
}

// endsWord says whether a byte stands behind a word. None of them is above a space.
func endsWord(c byte) bool { return c == ' ' || c == '\n' || c == separator }

// message takes note of where msg='…' ends: at the last quote of the record, before the part that auditd added.
func (s *scanner) message(open int) {
	s.inside = true
	end := len(s.text)
	if added := strings.LastIndexByte(s.text, separator); added > open {
		end = added
	}
	s.closing = open + strings.LastIndexByte(s.text[open:end], '\'')
	if s.closing == open {
		s.closing = len(s.text) // cut off before its end
	}
}

// absent says whether the record only says that there is nothing.
func (s *scanner) absent() bool {
	if s.quoted {
		return false
	}
	switch s.raw {
	case "", "?", "(null)", "(none)":
		return true
	}
	return false
}

// number reads an unsigned decimal number of 32 bits.
func (s *scanner) number() (uint32, bool) {
	if len(s.raw) == 0 || len(s.raw) > 10 {
		return 0, false
	}
	n := uint64(0)
	for i := range len(s.raw) {
		digit := s.raw[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = n*10 + uint64(digit)
	}
	return uint32(n), n <= 1<<32-1
}
