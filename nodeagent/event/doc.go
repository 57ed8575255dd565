// Package event has the three shapes in which activity travels the event road: a Record is one line as the kernel sent it, a Group the
// records of one event, an Event what they say, in typed fields.
//
// It also has the native JSON form of an Event, which docs/events.md explains and schema.json fixes, and the five words for losses. It
// reads nothing and decides nothing: the stages do.
package event
