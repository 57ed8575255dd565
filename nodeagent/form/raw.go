package form

import (
	"cmp"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// appendRaw appends a line for each record, as auditd writes them. A line feed in a record, which only a program that sends records of its own
// can put there, becomes a space, as it does in auditd.
func appendRaw(b []byte, e *event.Event) ([]byte, error) {
	for i := range e.Records {
		r := &e.Records[i]
		if r.TypeName == unreadable {
			b = append(oneLine(b, r.Data), '\n')
			continue
		}
		if e.Node != "" {
			b = append(oneLine(append(b, "node="...), e.Node), ' ')
		}
		b = oneLine(append(b, "type="...), typeName(r))
		b = oneLine(append(b, " msg="...), r.Data)
		b = append(b, '\n')
	}
	return b, nil
}

// unreadable is the type of a line of a log that was no record. It has the whole line.
const unreadable = "UNREADABLE"

// ownTypes is how the names of types begin that are the agent's own, which no other program knows.
const ownTypes = "NODEAUDIT_"

// The agent's own types beside those of event.
const (
	typeThrottled = "NODEAUDIT_THROTTLED"
	typeRepeated  = "NODEAUDIT_REPEATED"
)

// typeName is the name of a record's type as audit's own programs know it: of others the number.
func typeName(r *event.Record) string {
	switch {
	case r.TypeName == "":
		return event.TypeName(r.Type)
	case strings.HasPrefix(r.TypeName, ownTypes):
		number, _ := event.OwnNumber(r.TypeName)
		return event.TypeName(cmp.Or(r.Type, number))
	}
	return r.TypeName
}

func oneLine(b []byte, text string) []byte {
	at := len(b)
	b = append(b, text...)
	for ; at < len(b); at++ {
		if b[at] == '\n' || b[at] == '\r' || b[at] == 0 {
			b[at] = ' '
		}
	}
	return b
}
