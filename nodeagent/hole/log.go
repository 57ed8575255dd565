package hole

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Log compares the serials in a log of the native form with what the agent has said about them: its accounts and its losses. The text of its
// files is written to it, the oldest first.
type Log struct {
	at       Place
	rest     []byte
	skip     bool // until the next line
	isMiddle bool // of a line that has no end yet
	stretches
}

// NewLog returns one for one log.
func NewLog() *Log {
	return &Log{stretches: stretches{found: Report{Counted: map[string]int64{}, Holes: []Hole{}}}}
}

// longest bounds the lines whose text is looked at. The serial is at the beginning of each.
const longest = 16 << 10

// Begin is before the text of the next file.
func (l *Log) Begin(file string) {
	if l.isMiddle {
		l.line()
	}
	l.at = Place{File: file}
}

// Write implements io.Writer. It takes everything.
func (l *Log) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		piece := text
		if end >= 0 {
			piece = text[:end]
		}
		l.add(piece)
		if end < 0 {
			break
		}
		l.line()
		text = text[end+1:]
	}
	return n, nil
}

func (l *Log) add(piece []byte) {
	l.isMiddle = true
	if room := longest - len(l.rest); len(piece) > room {
		l.skip, piece = true, piece[:max(room, 0)]
	}
	l.rest = append(l.rest, piece...)
}

// line takes one in. Of one that is too long only its serial counts: none of the agent's own is.
func (l *Log) line() {
	line, isCut := l.rest, l.skip
	l.rest, l.skip, l.isMiddle = l.rest[:0], false, false
	l.at.Line++
	if serial, ok := serialOf(line); !ok || serial != 0 {
		if ok {
			l.see(serial, l.at)
		}
		return
	}
	if isCut || !bytes.Contains(line, []byte(`"type":"`+event.TypeLost+`"`)) && !bytes.Contains(line, []byte(`"type":"`+event.TypeAccount+`"`)) {
		return
	}
	var e struct {
		Time   time.Time
		Type   string
		Fields event.Fields
	}
	if json.Unmarshal(line, &e) != nil {
		return
	}
	switch e.Type {
	case event.TypeLost:
		l.lost(e.Fields)
	case event.TypeAccount:
		if a, err := event.ReadAccount(e.Fields); err == nil {
			l.account(a, e.Time, l.at)
		}
	}
}

// serialOf reads the serial of a line of the native form, where it is at the beginning.
func serialOf(line []byte) (uint32, bool) {
	head, ok := bytes.CutPrefix(line[:min(len(line), 64)], []byte(`{"time":"`))
	_, behind, found := bytes.Cut(head, []byte(`","serial":`))
	digits, _, ends := bytes.Cut(behind, []byte(","))
	if !ok || !found || !ends {
		return 0, false
	}
	serial, err := strconv.ParseUint(string(digits), 10, 32)
	return uint32(serial), err == nil
}
