package export

import (
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// exporterhelper's queue drops the newest or waits. Its oldest records are those that it pushes: to give them up is to take them and count them. The quarter of the
// queue that is left has what comes until the next try, which a pause or a destination that hangs may keep waiting.

// yield gives the records up, where that is what makes room, and says so. err is why they were not taken; nil where nobody has tried.
func (s *Sink) yield(logs plog.Logs, err error) bool {
	if !s.options.Settings.DropOldest || err == nil && !s.yielding {
		return false
	}
	s.mu.Lock()
	r := s.running
	s.mu.Unlock()
	s.yielding = s.closing.Err() == nil && r.waiting() > s.options.Settings.MaxSize/4*3
	if !s.yielding {
		return false
	}
	if left := (consumererror.Logs{}); errors.As(err, &left) { // the destination has the others
		logs = left.Data()
	}
	words := s.tally.report().LastError
	if err != nil {
		words = s.words(err)
	}
	s.tally.giveUpOldest(logs, s.started, words)
	return true
}

// full are the words for records that were given up, with why they were not taken.
const full = "the queue is full, and the oldest events are given up: "

// giveUpOldest counts the records as dropped.
func (t *tally) giveUpOldest(logs plog.Logs, started time.Time, words string) {
	n := logs.LogRecordCount()
	own := observedSince(logs, n, started)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Dropped += int64(n)
	t.sum.Queued -= own
	t.sum.LastError = full + strings.TrimPrefix(words, full)
}
