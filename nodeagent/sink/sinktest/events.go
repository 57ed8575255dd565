package sinktest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

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
func Lines(tb testing.TB, events []*event.Event) []byte {
	tb.Helper()
	var lines []byte
	for _, e := range events {
		var err error
		if lines, err = event.AppendLine(lines, e); err != nil {
			tb.Fatal(err)
		}
	}
	return lines
}

// Compare says which line is the first that is not as it should be.
func Compare(tb testing.TB, got, want []byte) {
	tb.Helper()
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.SplitAfter(got, []byte{'\n'}), bytes.SplitAfter(want, []byte{'\n'})
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			tb.Fatalf("line %d is\n%.300q, want\n%.300q", i+1, gotLines[i], wantLines[i])
		}
	}
	tb.Fatalf("%d lines arrived, want %d", len(gotLines)-1, len(wantLines)-1)
}
