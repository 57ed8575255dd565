package event

import (
	"fmt"
	"time"
)

// TypeTest is the type of the event with which somebody tries a sink.
const TypeTest = "NODEAUDIT_TEST"

// numberTest is its number, of the range that the kernel leaves to user space.
const numberTest = 2995

// Test is an event that nothing has caused but the wish to see whether a sink works.
type Test struct {
	// ID is what to look for at the receiver.
	ID string
	// Sink is the sink's name.
	Sink string
	// By is who asked, in his own words.
	By string
}

// Event returns the event. It has one record in the form of the kernel's, and no serial: those are the kernel's.
func (t Test) Event(node string, now time.Time) *Event {
	now = now.UTC().Truncate(time.Millisecond)
	e := &Event{
		Time: now, Node: node, Type: TypeTest, Who: Who{Confidence: ConfidenceNone},
		Fields: Fields{{Name: "id", Value: t.ID}, {Name: "sink", Value: t.Sink}, {Name: "by", Value: t.By}},
	}
	data := fmt.Sprintf("audit(%d.%03d:0): id=%s sink=%X by=%X", now.Unix(), now.Nanosecond()/int(time.Millisecond), t.ID, t.Sink, t.By)
	e.Records = []Record{{Type: numberTest, TypeName: TypeTest, Data: data}}
	return e
}
