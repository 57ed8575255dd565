package event

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TypeLost is the type of the event that says what was lost.
const TypeLost = "NODEAUDIT_LOST"

// numberLost is its number, of the range that the kernel leaves to user space.
const numberLost = 2992

// Hole is what was lost in one place since the last event of TypeLost about it.
type Hole struct {
	// Where is the place.
	Where Loss
	// Count is how much, in the unit of the place.
	Count int64
	// Since is when it was first noticed.
	Since time.Time
	// Before and After are the serials of what came last before the hole and first behind it; 0 where that is not known.
	Before, After uint32
	// Sink is the destination, for losses of one sink alone. Empty is a loss that all have.
	Sink string
}

// Join adds what was lost later.
func (h *Hole) Join(later Hole) {
	if h.Count == 0 {
		*h = later
		return
	}
	h.Count += later.Count
	if later.After != 0 {
		h.After = later.After
	}
}

// Event returns the event that says so. It has one record in the form of the kernel's, and no serial: those are the kernel's.
func (h Hole) Event(node string, now time.Time) *Event {
	now = now.UTC().Truncate(time.Millisecond)
	e := &Event{Time: now, Node: node, Type: TypeLost, Who: Who{Confidence: ConfidenceNone}}
	var data strings.Builder
	fmt.Fprintf(&data, "audit(%d.%03d:0):", now.Unix(), now.Nanosecond()/int(time.Millisecond))
	field := func(name, value, written string) {
		fmt.Fprintf(&data, " %s=%s", name, written)
		e.Fields = append(e.Fields, Field{Name: name, Value: value})
	}
	number := func(name string, n int64) { field(name, strconv.FormatInt(n, 10), strconv.FormatInt(n, 10)) }
	field("place", string(h.Where), string(h.Where))
	number("count", h.Count)
	since := h.Since.UTC().Format("2006-01-02T15:04:05.000Z")
	field("since", since, since)
	if h.Before != 0 {
		number("lastSerial", int64(h.Before))
	}
	if h.After != 0 {
		number("nextSerial", int64(h.After))
	}
	if h.Sink != "" {
		field("sink", h.Sink, fmt.Sprintf("%X", h.Sink)) // it has a space: hexadecimal, as the kernel does
	}
	e.Records = []Record{{Type: numberLost, TypeName: TypeLost, Data: data.String()}}
	return e
}
