package syslog

import (
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// informational is the severity of each message.
const informational = 6

type format int

const (
	rfc5424 format = iota
	rfc3164
)

// form is how a message looks.
type form struct {
	format   format
	priority int
	app      string
}

// Lengths that RFC 5424 allows.
const (
	mostHost  = 255
	mostApp   = 48
	mostMsgID = 32
	mostName  = 32
)

// structured is the name of the structured data. 32473 is the number that RFC 5612 keeps for those who have none of their own.
const structured = "nodeaudit@32473"

func (f *form) message(text []byte, record *export.Record) []byte {
	text = append(text, '<')
	text = strconv.AppendInt(text, int64(f.priority), 10)
	text = append(text, '>')
	if f.format == rfc3164 {
		return f.old(text, record)
	}
	text = append(text, "1 "...)
	text = record.Time.UTC().AppendFormat(text, "2006-01-02T15:04:05.000Z07:00")
	for _, word := range []struct {
		text string
		most int
	}{{record.Node, mostHost}, {f.app, mostApp}, {"", 1}, {record.Type, mostMsgID}} {
		text = append(text, ' ')
		text = appendWord(text, word.text, word.most)
	}
	text = append(text, " ["+structured...)
	fields := record.Fields()
	for _, name := range []string{"serial", "keys", "result", "namespace", "pod", "container"} {
		text = appendParameter(text, name, fields[name])
	}
	for name, value := range record.Labels {
		text = appendParameter(text, short(name), value)
	}
	text = append(text, "] "...)
	return append(text, record.Body...)
}

// old is the form of RFC 3164 after the priority. Its time has no zone and no year: it is UTC here.
func (f *form) old(text []byte, record *export.Record) []byte {
	text = record.Time.UTC().AppendFormat(text, time.Stamp)
	text = append(text, ' ')
	text = appendWord(text, record.Node, mostHost)
	text = append(text, ' ')
	text = appendWord(text, f.app, mostName)
	text = append(text, ": "...)
	return append(text, record.Body...)
}

// appendWord appends printable ASCII, cut to its bound, and "-" where that leaves nothing.
func appendWord(text []byte, word string, most int) []byte {
	start := len(text)
	for _, c := range []byte(word) {
		if c > ' ' && c <= '~' && len(text)-start < most {
			text = append(text, c)
		}
	}
	if len(text) == start {
		text = append(text, '-')
	}
	return text
}

// appendParameter appends name="value", unless the value is empty.
func appendParameter(text []byte, name, value string) []byte {
	if value == "" || name == "" {
		return text
	}
	text = append(append(append(text, ' '), name...), `="`...)
	for _, c := range []byte(strings.ToValidUTF8(value, "\uFFFD")) {
		if c == '"' || c == '\\' || c == ']' {
			text = append(text, '\\')
		}
		text = append(text, c)
	}
	return append(text, '"')
}

// short is the last part of a label's name, as far as it may be the name of a parameter.
func short(label string) string {
	_, name, found := strings.Cut(label, "/")
	if !found {
		name = label
	}
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`=]"`, r) {
			return -1
		}
		return r
	}, name)
	return name[:min(len(name), mostName)]
}
