package reassemble

import (
	"errors"
	"fmt"
	"time"

	libaudit "github.com/elastic/go-libaudit/v2"
	"github.com/elastic/go-libaudit/v2/auparse"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// Timeout is how long an event waits for its end. Records that the kernel writes outside a system call have no end, and what comes after
	// them waits too; within a system call the kernel writes all records at its exit, microseconds apart.
	Timeout = 300 * time.Millisecond
	// maxInFlight is how many events may wait. The oldest is given out when there are more: at 3,000 events a second that is Timeout.
	maxInFlight = 1024
)

var errHeader = errors.New("time is out of range")

// Reassembler is for one goroutine; only Gaps may be called from others.
type Reassembler struct {
	inner    *libaudit.Reassembler
	deliver  func(event.Group)
	gaps     gaps
	waiting  int // records in inner
	deadline time.Time
}

// New returns a Reassembler that calls deliver, from within its methods, with each group.
func New(deliver func(event.Group)) (*Reassembler, error) {
	r := &Reassembler{deliver: deliver}
	inner, err := libaudit.NewReassembler(maxInFlight, Timeout, (*stream)(r))
	if err != nil {
		return nil, fmt.Errorf("making the reassembler: %w", err)
	}
	r.inner = inner
	return r, nil
}

// Push takes the next record in.
func (r *Reassembler) Push(record event.Record) {
	now := time.Now()
	message, err := parse(record)
	if err != nil {
		r.deliver(event.Group{Time: now.Truncate(time.Millisecond).UTC(), Records: []event.Record{record}})
		return
	}
	r.gaps.see(message.Sequence, now)
	if message.RecordType != auparse.AUDIT_EOE {
		r.waiting++
	}
	r.inner.PushMessage(message)
	r.plan(now)
}

// parse reads the header and lets the record travel along.
func parse(record event.Record) (*auparse.AuditMessage, error) {
	message, err := auparse.Parse(auparse.AuditMessageType(record.Type), record.Data)
	if err != nil {
		return nil, err
	}
	if year := message.Timestamp.Year(); year < 1970 || year > 9999 {
		return nil, errHeader
	}
	message.Payload = record
	return message, nil
}

// plan sets the deadline while something waits, for an event or for a serial that is late.
func (r *Reassembler) plan(now time.Time) {
	switch {
	case r.waiting == 0 && r.gaps.settled():
		r.deadline = time.Time{}
	case r.deadline.IsZero():
		r.deadline = now.Add(Timeout + time.Millisecond) // inner wants more than Timeout to have passed
	}
}

// Deadline is when Expire should be called next; the zero time is never, until the next Push.
func (r *Reassembler) Deadline() time.Time {
	return r.deadline
}

// Expire gives out the events that have waited for Timeout, and counts the serials that have not come.
func (r *Reassembler) Expire() {
	now := time.Now()
	_ = r.inner.Maintain() // its only error is that Close was called
	r.gaps.settle(now)
	r.deadline = time.Time{}
	r.plan(now)
}

// Close gives out all that waits. The Reassembler must not be used after it.
func (r *Reassembler) Close() {
	_ = r.inner.Close() // its only error is that Close was called before
	r.waiting = 0
	r.deadline = time.Time{}
}

// Gaps returns how many serials never came: the loss called gap.
func (r *Reassembler) Gaps() int64 {
	return r.gaps.lost.Load()
}

// stream is what inner calls back.
type stream Reassembler

// ReassemblyComplete makes a group of the messages of one event.
func (s *stream) ReassemblyComplete(messages []*auparse.AuditMessage) {
	group := event.Group{Time: messages[0].Timestamp, Serial: messages[0].Sequence, Records: make([]event.Record, len(messages))}
	for i, message := range messages {
		group.Records[i] = message.Payload.(event.Record)
	}
	s.waiting -= len(messages)
	s.deliver(group)
}

// EventsLost does nothing: for an event that comes after its successor, inner says that four thousand million were lost. See gaps.
func (s *stream) EventsLost(int) {}
