package filter

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// The types of events that a Shaper makes. Their numbers are of the range that the kernel leaves to user space and that no program known uses.
const (
	// Throttled says what a budget left out.
	Throttled = "NODEAUDIT_THROTTLED"
	// Repeated says how often an event was repeated.
	Repeated = "NODEAUDIT_REPEATED"

	throttledNumber = 2990
	repeatedNumber  = 2991
)

// pair is a field and its text. An empty text is no field.
type pair struct{ name, value string }

// newEvent makes an event with one record that has the fields, in the form of the kernel's. Serials are the kernel's, so it has none.
func newEvent(kind string, now time.Time, pairs []pair) *event.Event {
	now = now.UTC().Truncate(time.Millisecond)
	number := map[string]uint16{Throttled: throttledNumber, Repeated: repeatedNumber}[kind]
	e := &event.Event{Time: now, Type: kind, Who: event.Who{Confidence: event.ConfidenceNone}}
	var data strings.Builder
	fmt.Fprintf(&data, "audit(%d.%03d:0):", now.Unix(), now.Nanosecond()/int(time.Millisecond))
	for _, p := range pairs {
		if p.value != "" {
			fmt.Fprintf(&data, " %s=%s", p.name, quoted(p.value))
			e.Fields = append(e.Fields, event.Field{Name: p.name, Value: p.value})
		}
	}
	e.Records = []event.Record{{Type: number, TypeName: kind, Data: data.String()}}
	return e
}

// quoted writes a text as the kernel writes those that somebody else chose: in quotes, or in hexadecimal where a reader could take a part of it
// for another field.
func quoted(text string) string {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == '"' {
			return strings.ToUpper(hex.EncodeToString([]byte(text)))
		}
	}
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return text
	}
	return `"` + text + `"`
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
