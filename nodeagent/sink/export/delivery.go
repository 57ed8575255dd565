package export

import (
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// Delivery is what became of the events that a Sink has taken.
type Delivery struct {
	// Written is the number of events that the destination has, those of an earlier agent's queue among them.
	Written int64
	// Queued is the number of this Sink's events that wait, and QueuedBytes the size of all that wait, those that an earlier agent left among them.
	Queued, QueuedBytes int64
	// Dropped is the number of events that the destination refused for good, or that a queue in memory held at the end.
	Dropped int64
	// Retries is the number of pushes that failed.
	Retries int64
	// LastSuccess is when the destination last took events. It is zero when it has not.
	LastSuccess time.Time
	// LastError is why the latest push failed, or why an event was refused since the latest push without one. Empty when all is well.
	LastError string
}

// Delivery returns the numbers of this moment. It is safe for concurrent use, and waits for no disk: while one is slow, QueuedBytes is the size that was
// known before.
func (s *Sink) Delivery() Delivery {
	s.mu.Lock()
	r := s.running
	s.mu.Unlock()
	d := s.tally.report()
	d.QueuedBytes = s.size.read(r.waiting)
	return d
}

// tally counts. It is safe for concurrent use.
type tally struct {
	mu      sync.Mutex
	sum     Delivery
	refused bool // in the push that is going on
}

func (t *tally) report() Delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.sum
	d.Queued = max(d.Queued, 0)
	return d
}

func (t *tally) accept(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Queued += int64(n)
}

// wrote counts the first n records. Those that were observed before this sink was there came from an earlier one.
func (t *tally) wrote(logs plog.Logs, n int, started time.Time) {
	own := observedSince(logs, n, started)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Written += int64(n)
	t.sum.Queued -= own
	if n > 0 {
		t.sum.LastSuccess = time.Now()
	}
}

// refuse counts the records as given up.
func (t *tally) refuse(logs plog.Logs, started time.Time, words string) {
	n := logs.LogRecordCount()
	own := observedSince(logs, n, started)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Dropped += int64(n)
	t.sum.Queued -= own
	t.sum.LastError, t.refused = words, true
}

// succeeded ends a push, and says whether the one before it failed.
func (t *tally) succeeded() (again bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.refused {
		again = t.sum.LastError != ""
		t.sum.LastError = ""
	}
	t.refused = false
	return again
}

// failed ends a push, and says whether the one before it did not fail.
func (t *tally) failed(words string) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first = t.sum.LastError == ""
	if strings.HasPrefix(t.sum.LastError, full) { // until one succeeds
		words = full + words
	}
	t.sum.LastError, t.refused = words, false
	t.sum.Retries++
	return first
}

// giveUp counts what waits as dropped.
func (t *tally) giveUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Dropped += max(t.sum.Queued, 0)
	t.sum.Queued = 0
}

func observedSince(logs plog.Logs, n int, started time.Time) int64 {
	var own int64
	at := 0
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if at++; at > n {
					return own
				}
				if !record.ObservedTimestamp().AsTime().Before(started) {
					own++
				}
			}
		}
	}
	return own
}
