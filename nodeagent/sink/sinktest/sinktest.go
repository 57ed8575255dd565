// Package sinktest is the contract of sink.Writer as a test that every sink passes.
//
// What comes in is a way to open a sink and to read what arrived at its destination; what goes out are failures. It knows no sink, and
// never looks at how one works.
package sinktest

import (
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

// Open opens a sink with an empty destination. The function read returns all lines that arrived there, in their order; it is called after
// Close.
type Open func(t *testing.T) (w sink.Writer, read func() []byte)

// Contract checks that what open opens does what sink.Writer asks for, as far as that can be seen at a destination without errors.
func Contract(t *testing.T, open Open) {
	t.Helper()
	for name, batches := range batches() {
		t.Run(name, func(t *testing.T) { arrives(t, open, batches) })
	}
	t.Run("a batch with an event that has no JSON form is refused for good and wholly", func(t *testing.T) { refuses(t, open) })
	t.Run("the slice may be used again", func(t *testing.T) { reuses(t, open) })
	t.Run("after Close every Write is refused for good", func(t *testing.T) { closes(t, open) })
}

func arrives(t *testing.T, open Open, batches [][]*event.Event) {
	t.Helper()
	w, read := open(t)
	var want []byte
	for i, batch := range batches {
		if err := w.Write(t.Context(), batch); err != nil {
			t.Fatalf("batch %d: %v", i, err)
		}
		want = append(want, Lines(t, batch)...)
	}
	finish(t, w)
	Compare(t, read(), want)
}

func refuses(t *testing.T, open Open) {
	t.Helper()
	w, read := open(t)
	bad := Events(3)
	bad[1] = &event.Event{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := w.Write(t.Context(), bad); !sink.IsPermanent(err) {
		t.Errorf("the error is %v, want a permanent one", err)
	}
	if err := w.Write(t.Context(), bad[:1]); err != nil {
		t.Errorf("after a refused batch: %v", err)
	}
	finish(t, w)
	Compare(t, read(), Lines(t, bad[:1]))
}

func reuses(t *testing.T, open Open) {
	t.Helper()
	w, read := open(t)
	events := Events(4)
	batch := make([]*event.Event, 1)
	for _, e := range events {
		batch[0] = e
		if err := w.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		clear(batch)
	}
	finish(t, w)
	Compare(t, read(), Lines(t, events))
}

func closes(t *testing.T, open Open) {
	t.Helper()
	w, read := open(t)
	finish(t, w)
	for _, batch := range [][]*event.Event{Events(1), nil} {
		if err := w.Write(t.Context(), batch); !sink.IsPermanent(err) {
			t.Errorf("the error for %d events is %v, want a permanent one", len(batch), err)
		}
	}
	Compare(t, read(), nil)
}

func finish(t *testing.T, w sink.Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
}
