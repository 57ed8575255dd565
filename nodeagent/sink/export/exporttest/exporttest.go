// Package exporttest is for the tests of destinations: the contract of sink.Writer over a queue in memory, and what is needed around it.
//
// A destination comes in with a way to read what its receiver got; failures go out. It knows no protocol.
package exporttest

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// Open makes a destination, as export.Opener.Open does.
type Open func(ctx context.Context) (export.Destination, error)

// opener has no secrets.
type opener struct{ open Open }

// Open is export.Opener.Open.
func (o opener) Open(ctx context.Context) (export.Destination, error) { return o.open(ctx) }

// Version is export.Opener.Version.
func (opener) Version() string { return "" }

// Redact is export.Opener.Redact.
func (opener) Redact(text string) string { return text }

// Settings are those of a queue in memory that waits little between tries.
func Settings() export.Settings {
	return export.Settings{Memory: true, MaxSize: 64 << 20, FirstPause: 5 * time.Millisecond, LongestPause: 50 * time.Millisecond, Timeout: 10 * time.Second}
}

// New returns a sink to the destination, with a queue in memory.
func New(tb testing.TB, open Open) *export.Sink {
	tb.Helper()
	return export.New(export.Options{
		Name: "test", Settings: Settings(), Log: slog.New(slog.DiscardHandler),
		Target: export.Target{Opener: &opener{open}, Encoder: Native{}, Labels: []string{"app.kubernetes.io/name"}},
	})
}

// Contract checks the contract of sink.Writer. receive starts a receiver; read returns the bodies that it got, each with a line feed, and is called
// after everything was delivered.
func Contract(t *testing.T, receive func(t *testing.T) (open Open, read func() []byte)) {
	t.Helper()
	sinktest.Contract(t, func(t *testing.T) (sink.Writer, func() []byte) {
		open, read := receive(t)
		s := &drained{Sink: New(t, open), t: t}
		return s, read
	})
}

// drained waits with Close until the receiver has everything: at its own end a sink tries once more only.
type drained struct {
	*export.Sink

	t *testing.T
}

// Close is sink.Writer.Close.
func (d *drained) Close() error {
	Delivered(d.t, d.Sink)
	if got := d.Delivery(); got.Dropped != 0 {
		d.t.Errorf("given up: %+v", got)
	}
	return d.Sink.Close()
}

// Delivered waits until nothing waits.
func Delivered(t *testing.T, s *export.Sink) {
	t.Helper()
	Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return s.Delivery().Queued == 0 })
}

// Eventually waits until it is true; the test's own limit ends it, and what says why.
func Eventually(t *testing.T, what func() string, is func() bool) {
	t.Helper()
	deadline, has := t.Deadline()
	for !is() {
		if has && time.Until(deadline) < 5*time.Second {
			t.Fatalf("it never came: %s", what())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Told waits until the sink tells of an error with the words in it, and returns all that it has told by then.
func Told(t *testing.T, s *export.Sink, words string) (told string) {
	t.Helper()
	Eventually(t, func() string { return told }, func() bool {
		told += s.Delivery().LastError
		return strings.Contains(told, words)
	})
	return told
}

// Write gives the events to the sink.
func Write(t *testing.T, s *export.Sink, events []*event.Event) {
	t.Helper()
	if err := s.Write(t.Context(), events); err != nil {
		t.Fatalf("writing: %v", err)
	}
}

// Catch is a destination that keeps the records, for tests of what a push gets.
type Catch struct {
	// Logs is what the latest push brought.
	Logs plog.Logs
}

// Push is export.Destination.Push.
func (c *Catch) Push(_ context.Context, logs plog.Logs) error {
	c.Logs = plog.NewLogs()
	logs.CopyTo(c.Logs)
	return nil
}

// Close is export.Destination.Close.
func (c *Catch) Close() error { return nil }

// Logs returns the events as destinations get them.
func Logs(t *testing.T, events []*event.Event) plog.Logs {
	t.Helper()
	c := &Catch{}
	s := New(t, func(context.Context) (export.Destination, error) { return c, nil })
	Write(t, s, events)
	Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return c.Logs
}

// Native is the native JSON form, for want of package form, which no sink may import.
type Native struct{}

// Append is export.Encoder.Append.
func (Native) Append(body []byte, e *event.Event) ([]byte, error) {
	line, err := event.AppendLine(body, e)
	if err != nil {
		return body, err
	}
	return line[:len(line)-1], nil
}
