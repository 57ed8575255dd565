package form

import (
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

// ownTypes is where the types begin that are not the kernel's nor auditd's.
const ownTypes = 2900

// typeName is the name of a record's type as audit's own programs know it: of others the number.
func typeName(r *event.Record) string {
	if r.Type >= ownTypes && r.Type < 3000 || r.TypeName == "" {
		return "UNKNOWN[" + decimal(r.Type) + "]"
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
