// Package sinktest is the contract of sink.Writer as a test that every sink passes.
//
// What comes in is a way to open a sink and to read what arrived at its destination; what goes out are failures. It knows no sink, and
// never looks at how one works.
package sinktest

import (
	"bytes"
	"fmt"
	"strings"
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

// batches are what a sink is given, by what it shows.
func batches() map[string][][]*event.Event {
	long := &event.Event{Serial: 1, Type: "EXECVE", Process: event.Process{Args: []string{strings.Repeat("0123456789abcdef", 1<<16)}}}
	broken := &event.Event{Serial: 2, Process: event.Process{Comm: "a\xffb\n\u2028"}, Records: []event.Record{{TypeName: "PATH", Data: "name=\xc3\x28\n\x00"}}}
	return map[string][][]*event.Event{
		"events arrive in their order, each once":    {Events(1), Events(256), Events(3), Events(1000), Events(1)},
		"an event of a megabyte arrives whole":       {Events(2), {long}, Events(2), {Events(1)[0], long, Events(1)[0]}},
		"text that is not UTF-8 tears no line":       {{broken}, Events(1), {broken, broken}},
		"a batch without events is nothing to do":    {nil, Events(2), {}, Events(1), nil},
		"nothing at all leaves nothing behind":       {},
		"small batches arrive as well as large ones": batchesOfOne(500),
	}
}

func batchesOfOne(n int) [][]*event.Event {
	var batches [][]*event.Event
	for _, e := range Events(n) {
		batches = append(batches, []*event.Event{e})
	}
	return batches
}

// Events returns n events as a node has them, different from each other.
func Events(n int) []*event.Event {
	events := make([]*event.Event, n)
	for i := range events {
		events[i] = &event.Event{
			Time:   time.UnixMilli(1_700_000_000_000 + int64(i)).UTC(),
			Serial: uint32(i),
			Node:   "node-1",
			Type:   "SYSCALL",
			Keys:   []string{"exec"},
			Result: event.ResultSuccess,
			Who:    event.Who{Confidence: event.ConfidenceExact, Namespace: "shop", Pod: "cart-0", Container: "cart"},
			Call:   event.Call{Arch: "x86_64", Syscall: "openat", SyscallArgs: []string{"ffffff9c", "7ffd1", "0", "0"}},
			Paths:  []event.Path{{Name: "/etc/passwd", Nametype: "NORMAL", Mode: "0100644"}},
			Records: []event.Record{{Type: 1300, TypeName: "SYSCALL", Data: fmt.Sprintf(
				"audit(1700000000.%03d:%d): arch=c000003e syscall=257 success=yes exit=3 comm=\"cat\" exe=\"/usr/bin/cat\"", i%1000, i)}},
		}
	}
	return events
}

// Lines returns the lines that the events are at their destination.
func Lines(t testing.TB, events []*event.Event) []byte {
	t.Helper()
	var lines []byte
	for _, e := range events {
		var err error
		if lines, err = event.AppendLine(lines, e); err != nil {
			t.Fatal(err)
		}
	}
	return lines
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

// Compare says which line is the first that is not as it should be.
func Compare(t testing.TB, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.SplitAfter(got, []byte{'\n'}), bytes.SplitAfter(want, []byte{'\n'})
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Fatalf("line %d is\n%.300q, want\n%.300q", i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%d lines arrived, want %d", len(gotLines)-1, len(wantLines)-1)
}
