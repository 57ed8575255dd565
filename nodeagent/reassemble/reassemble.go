package reassemble

import (
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// Timeout is how long an event waits for its end. Records that the kernel writes outside a system call have no end, and what comes after
	// them waits too; within a system call the kernel writes all records at its exit, microseconds apart.
	Timeout = 300 * time.Millisecond
	// LogTimeout is that of a log that is read later, by the times in it. It is auditd's own (end_of_event_timeout).
	LogTimeout = 2 * time.Second
	// maxInFlight is how many events may wait. The oldest is given out when there are more: at 3,000 events a second that is Timeout.
	maxInFlight = 1024
	// maxBehind is how many records of a log may come behind an event that waits, where the times in it do not go on: a clock was set back.
	maxBehind = 8192
)

// Reassembler is for one goroutine; only Gaps may be called from others.
type Reassembler struct {
	deliver  func(event.Group)
	log      bool // records are of a log, which is read later
	now      time.Time
	latest   int64 // now, in milliseconds, of a log
	records  int64 // of a log
	headers  event.Headers
	gaps     gaps
	waiting  []*pending // in the order of their serials
	free     []*pending
	deadline time.Time
}

// pending is an event of which more may come.
type pending struct {
	event.Group
	milliseconds int64
	expires      time.Time
	begun        int64 // records before it
	complete     bool
}

// New returns a Reassembler that calls deliver, from within its methods, with each group. The slice of a group is used again when deliver
// has returned; the records in it may be kept.
func New(deliver func(event.Group)) *Reassembler {
	return &Reassembler{deliver: deliver}
}

// NewLog returns a Reassembler for the records of a log. Time is what its records say, LogTimeout how long it waits, and serials that are
// missing are no losses: Deadline is never, Gaps 0.
func NewLog(deliver func(event.Group)) *Reassembler {
	return &Reassembler{deliver: deliver, log: true}
}

// Push takes the next record in.
func (r *Reassembler) Push(record event.Record) {
	header, ok := r.headers.Parse(record.Data)
	r.tell(header)
	if !ok {
		r.deliver(event.Group{Time: r.now.Truncate(time.Millisecond).UTC(), Records: []event.Record{record}})
		return
	}
	if !r.log {
		r.gaps.see(header.Serial, r.now)
	}
	r.give() // what has waited long enough, before it is in the way
	r.add(header, record)
	r.give()
	r.plan()
}

// tell sets the time. In a log it never goes back: a call that took long has the time at which it began.
func (r *Reassembler) tell(header event.Header) {
	if !r.log {
		r.now = time.Now()
		return
	}
	r.records++
	if r.latest < header.Milliseconds {
		r.latest, r.now = header.Milliseconds, header.Time()
	}
}

// add puts the record to its event.
func (r *Reassembler) add(header event.Header, record event.Record) {
	at, found := r.find(header)
	switch {
	case record.Type == eoe:
		if found {
			r.waiting[at].complete = true
		}
		return
	case !found:
		r.insert(at, header)
	}
	p := r.waiting[at]
	p.Records = append(p.Records, record)
	p.complete = p.complete || ends(record.Type)
}

// find returns where the event is, or where it belongs. Records mostly belong to the last events, so it looks from the end.
func (r *Reassembler) find(header event.Header) (at int, found bool) {
	at = len(r.waiting)
	for i := at - 1; i >= 0; i-- {
		p := r.waiting[i]
		distance := int32(header.Serial - p.Serial) // also right where serials start again
		switch {
		case distance > 0:
			return at, false
		case distance < 0:
			at = i
		case p.milliseconds == header.Milliseconds:
			return i, true
		}
	}
	return at, false
}

// insert makes room at a place of those that wait.
func (r *Reassembler) insert(at int, header event.Header) {
	var p *pending
	if last := len(r.free) - 1; last >= 0 {
		p, r.free = r.free[last], r.free[:last]
	} else {
		p = &pending{}
	}
	timeout := Timeout
	if r.log {
		timeout = LogTimeout
	}
	*p = pending{
		Group:        event.Group{Time: header.Time(), Serial: header.Serial, Records: p.Records[:0]},
		milliseconds: header.Milliseconds, expires: r.now.Add(timeout), begun: r.records,
	}
	r.waiting = append(r.waiting, nil)
	copy(r.waiting[at+1:], r.waiting[at:])
	r.waiting[at] = p
}

// give gives out the oldest events as long as they need not wait.
func (r *Reassembler) give() {
	n := 0
	for ; n < len(r.waiting); n++ {
		p := r.waiting[n]
		if !p.complete && len(r.waiting)-n <= maxInFlight && r.now.Before(p.expires) && r.records-p.begun <= maxBehind {
			break
		}
		r.deliver(p.Group)
		clear(p.Records) // so that their texts are not kept
		r.free = append(r.free, p)
	}
	if n > 0 {
		r.waiting = r.waiting[:copy(r.waiting, r.waiting[n:])]
	}
}

// plan sets the deadline while something waits, for an event or for a serial that is late.
func (r *Reassembler) plan() {
	switch {
	case r.log || len(r.waiting) == 0 && r.gaps.settled():
		r.deadline = time.Time{}
	case r.deadline.IsZero():
		r.deadline = r.now.Add(Timeout)
	}
}

// Deadline is when Expire should be called next; the zero time is never, until the next Push.
func (r *Reassembler) Deadline() time.Time {
	return r.deadline
}

// Expire gives out the events that have waited for Timeout, and counts the serials that have not come.
func (r *Reassembler) Expire() {
	r.tell(event.Header{})
	r.give()
	r.gaps.settle(r.now)
	r.deadline = time.Time{}
	r.plan()
}

// Close gives out all that waits, and counts what has not come. The Reassembler may be used again after it.
func (r *Reassembler) Close() {
	for _, p := range r.waiting {
		p.complete = true
	}
	r.give()
	r.gaps.settle(r.now.Add(Timeout))
	r.deadline = time.Time{}
}

// Gaps returns how many serials never came: the loss called gap.
func (r *Reassembler) Gaps() int64 {
	return r.gaps.lost.Load()
}

// TakeHole returns the serials that were found missing since the last call. Their Count is 0 where none was.
func (r *Reassembler) TakeHole() event.Hole {
	hole := r.gaps.hole
	r.gaps.hole = event.Hole{}
	return hole
}
