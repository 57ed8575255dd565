package index

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// opening is how a line of the native form begins.
const opening = `{"time":`

// Scan reads what an index keeps of a line of the native form, without the rest. The terms share the memory of the line. It returns false, and
// terms that may hold anything, where the line is none.
func (t *Terms) Scan(line []byte) bool {
	t.reset()
	s := scanner{line: line}
	if !bytes.HasPrefix(line, []byte(opening)) || !t.event(&s) || s.wrong || t.First > t.Last || t.Lowest > t.Highest {
		t.reset()
		t.Anything = true
		return false
	}
	return true
}

// event reads the object of the event.
func (t *Terms) event(s *scanner) bool {
	for s.open('{'); s.member(); {
		switch string(s.name) {
		case "time":
			t.time(s)
		case "serial":
			t.Lowest = s.number()
			t.Highest = t.Lowest
		case "type":
			t.text(s, Type)
		case "keys":
			for s.open('['); s.element(); {
				t.text(s, Key)
			}
		case "who":
			t.who(s)
		case "records":
			t.records(s)
		default:
			t.process(s)
		}
	}
	return s.atEnd()
}

// process reads a member of the process.
func (t *Terms) process(s *scanner) {
	switch string(s.name) {
	case "node":
		t.text(s, Node)
	case "syscall":
		t.text(s, Syscall)
	case "exe":
		t.text(s, Exe)
	case "comm":
		t.text(s, Comm)
	case "pid":
		t.number(s, PID)
	case "ppid":
		t.number(s, PPID)
	case "uid":
		t.number(s, UID)
	case "euid":
		t.number(s, EUID)
	case "auid":
		t.number(s, AUID)
	case "ses":
		t.number(s, Session)
	default:
		s.skip()
	}
}

func (t *Terms) who(s *scanner) {
	for s.open('{'); s.member(); {
		switch string(s.name) {
		case "namespace":
			t.text(s, Namespace)
		case "pod":
			t.text(s, Pod)
		case "container":
			t.text(s, Container)
		default:
			s.skip()
		}
	}
}

func (t *Terms) records(s *scanner) {
	if s.peek() != '[' { // null
		s.skip()
		return
	}
	for s.open('['); s.element(); {
		for s.open('{'); s.member(); {
			if string(s.name) == "type" {
				t.text(s, Type)
			} else {
				s.skip()
			}
		}
	}
}

func (t *Terms) text(s *scanner, field Text) {
	if value := s.text(); !s.wrong {
		t.Texts[field] = append(t.Texts[field], value)
	}
}

func (t *Terms) number(s *scanner, field Number) {
	t.Numbers[field] = append(t.Numbers[field], s.number())
}

func (t *Terms) time(s *scanner) {
	text := s.text()
	var ok bool
	if t.First, ok = usual(text); !ok {
		at, err := time.Parse(time.RFC3339, string(text))
		if err != nil {
			s.wrong = true
		}
		t.First = at.UnixMilli()
	}
	t.Last = t.First
}

// usual reads a time as the agent writes it, in a tenth of the time that time.Parse takes, and no other. It knows no months, so that days after the 28th are not usual.
func usual(text []byte) (milliseconds int64, ok bool) {
	const form = "0000-00-00T00:00:00.000Z"
	if len(text) != len(form) {
		return 0, false
	}
	for i := range form {
		if isDigit := text[i]-'0' <= 9; isDigit != (form[i] == '0') || !isDigit && text[i] != form[i] {
			return 0, false
		}
	}
	number := func(from, to int) (n int) {
		for _, c := range text[from:to] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	month, day, hour, minute, second := number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19)
	if month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	return time.Date(number(0, 4), time.Month(month), day, hour, minute, second, number(20, 23)*1e6, time.UTC).UnixMilli(), true
}

// scanner goes over JSON without white space, as the agent writes it. Where there is anything else it is wrong, and stays there.
type scanner struct {
	line  []byte
	at    int
	name  []byte // of the member
	first bool   // nothing has been read yet of what was opened last
	wrong bool
}

func (s *scanner) peek() byte {
	if s.wrong || s.at >= len(s.line) {
		return 0
	}
	return s.line[s.at]
}

func (s *scanner) atEnd() bool {
	return !s.wrong && s.at == len(s.line)
}

// open goes into an object or array.
func (s *scanner) open(bracket byte) {
	s.wrong = s.peek() != bracket
	s.at++
	s.first = true
}

// more says whether there is another one, or goes out behind the end.
func (s *scanner) more(end byte) bool {
	first := s.first
	s.first = false
	switch c := s.peek(); {
	case c == end:
		s.at++
		return false
	case first:
	case c == ',':
		s.at++
	default:
		s.wrong = true
	}
	return !s.wrong && s.at < len(s.line)
}

// member reads the name of the next member of an object, or returns false behind its end.
func (s *scanner) member() bool {
	if !s.more('}') {
		return false
	}
	if s.plain() {
		return true
	}
	s.name = s.text()
	if s.peek() != ':' || isOdd(s.name) {
		s.wrong = true
		return false
	}
	s.at++
	return true
}

// plain reads a name of letters and its colon, as nearly all are, or reads nothing.
func (s *scanner) plain() bool {
	rest := s.line[s.at:]
	if rest[0] != '"' {
		return false
	}
	for i := 1; i < len(rest)-1; i++ {
		if c := rest[i] | 0x20; 'a' <= c && c <= 'z' {
			continue
		}
		if rest[i] != '"' || rest[i+1] != ':' || isOdd(rest[1:i]) {
			return false
		}
		s.name = rest[1:i]
		s.at += i + 2
		return true
	}
	return false
}

// isOdd says whether a reader of JSON may take the name for one that Scan knows, though it is written in another way: encoding/json does not
// look at capitals.
func isOdd(name []byte) bool {
	for _, c := range name {
		if c >= utf8.RuneSelf {
			return true
		}
		if 'A' <= c && c <= 'Z' {
			return slices.ContainsFunc(names, func(known string) bool { return len(known) == len(name) && strings.EqualFold(known, string(name)) })
		}
	}
	return false
}

var names = []string{
	"time", "serial", "type", "keys", "who", "records", "node", "syscall", "exe", "comm", "pid", "ppid", "uid", "euid", "auid", "ses", "namespace", "pod",
	"container",
}

// element goes to the next element of an array, or returns false behind its end.
func (s *scanner) element() bool { return s.more(']') }

// quoted goes over a text and says where it lies, with its quotes, and whether it is as it stands.
func (s *scanner) quoted() (raw []byte, plain bool) {
	start := s.at
	if s.peek() != '"' {
		s.wrong = true
		return nil, false
	}
	plain = true
	for at := start + 1; ; {
		length := bytes.IndexByte(s.line[at:], '"')
		if length < 0 {
			s.wrong = true
			return nil, false
		}
		end := at + length
		slashes := end
		for slashes > start+1 && s.line[slashes-1] == '\\' {
			slashes--
		}
		at = end + 1
		if (end-slashes)%2 == 0 {
			s.at = at
			return s.line[start:at], plain
		}
		plain = false
	}
}

// text reads a text as encoding/json does, which replaces bytes that are no UTF-8.
func (s *scanner) text() []byte {
	raw, plain := s.quoted()
	if s.wrong {
		return nil
	}
	if plain && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return raw[1 : len(raw)-1]
	}
	var value string
	s.wrong = json.Unmarshal(raw, &value) != nil
	return []byte(value)
}

// number reads one without sign.
func (s *scanner) number() uint32 {
	var n uint64
	start := s.at
	for digit := s.peek() - '0'; digit <= 9 && n <= math.MaxUint32; digit = s.peek() - '0' {
		n = n*10 + uint64(digit)
		s.at++
	}
	s.wrong = s.wrong || s.at == start || n > math.MaxUint32
	return uint32(n)
}

// skip goes over a value.
func (s *scanner) skip() {
	for depth := 0; ; {
		switch s.peek() {
		case '"':
			s.quoted()
		case '{', '[':
			depth++
			s.at++
			continue
		case '}', ']':
			depth--
			s.at++
		case ',', ':':
			s.at++
			continue
		case 0:
			s.wrong = true
		default:
			s.word()
		}
		s.wrong = s.wrong || depth < 0
		if depth == 0 || s.wrong {
			return
		}
	}
}

// word goes over a number, true, false or null.
func (s *scanner) word() {
	for {
		switch s.peek() {
		case ',', ':', '}', ']', '"', '{', '[', 0:
			return
		}
		s.at++
	}
}
