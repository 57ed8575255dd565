package sink

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// batchSize bounds what is written at once: enough to make the system calls cheap, little enough to hold in memory twice.
	batchSize = 256
	// drainTime is how long a queue goes on after its end was asked for. It is well below the 30 s that Kubernetes leaves a pod.
	drainTime = 5 * time.Second
)

// Queue is the bounded way to one Writer. Every event that was offered is in exactly one number of its Report.
type Queue struct {
	name   string
	writer Writer
	events chan *event.Event
	ready  chan struct{} // events are to be written
	corked atomic.Bool

	mu     sync.Mutex // guards the rest
	report Report
	ended  bool
}

// Report is what happened to the events of a Queue until now.
type Report struct {
	// Name is the sink's name.
	Name string
	// Written is events that the destination has.
	Written int64
	// Queued is events that wait, those of the batch that is being written among them.
	Queued int64
	// DroppedQueue is events that found the queue full: event.LossQueue.
	DroppedQueue int64
	// DroppedSink is events that were given up after they had been queued, or that came after the end: event.LossSink. Of a batch that
	// was given up at the end all events count, though the destination may have the first of them.
	DroppedSink int64
	// LastError is the latest error of the Writer. It is empty when the latest batch was written.
	LastError string
}

// NewQueue returns a queue for at most size events, and at least one. The queue owns the writer: Run closes it.
func NewQueue(name string, w Writer, size int) *Queue {
	return &Queue{name: name, writer: w, events: make(chan *event.Event, max(size, 1)), ready: make(chan struct{}, 1), report: Report{Name: name}}
}

// Offer queues the event or drops it, and counts. It never blocks, and is safe for concurrent use. Nobody may change the event afterwards.
func (q *Queue) Offer(e *event.Event) (queued bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		q.report.DroppedSink++
		return false
	}
	select {
	case q.events <- e:
		q.queued()
		return true
	default:
		q.report.DroppedQueue++
		return false
	}
}

// OfferIfRoom queues the event, or says that there is no room. It counts no loss: whoever offers it has it still.
func (q *Queue) OfferIfRoom(e *event.Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false
	}
	select {
	case q.events <- e:
		q.queued()
		return true
	default:
		return false
	}
}

// Report returns the numbers of this moment. It is safe for concurrent use.
func (q *Queue) Report() Report {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.report
}

// Run writes what is queued until ctx ends. Then it writes what is left, for at most 5 s if the Writer heeds its context, closes the Writer
// and counts what it could not deliver. The only error it returns is that of closing. It is called once.
func (q *Queue) Run(ctx context.Context) error {
	late, cancel := later(ctx, drainTime)
	defer cancel()
	batch := make([]*event.Event, 0, batchSize)
	for late.Err() == nil {
		batch = q.take(ctx, batch)
		if len(batch) == 0 {
			break
		}
		q.deliver(ctx, late, batch)
		clear(batch)
	}
	return q.end()
}

// later returns a context that ends the given time after ctx.
func later(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(after, cancel) })
	return late, func() { stop(); cancel() }
}

// take waits until it is woken and returns in batch the events that are there. It returns none when ctx has ended and none is left.
func (q *Queue) take(ctx context.Context, batch []*event.Event) []*event.Event {
	batch = q.fill(batch[:0])
	for len(batch) == 0 && ctx.Err() == nil {
		select {
		case <-q.ready:
		case <-ctx.Done():
		}
		batch = q.fill(batch)
	}
	return batch
}

func (q *Queue) fill(batch []*event.Event) []*event.Event {
	for len(batch) < batchSize {
		select {
		case e := <-q.events:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// Cork lets events come together until Uncork: a write costs as much as encoding some of them. A whole batch is written at once.
func (q *Queue) Cork() { q.corked.Store(true) }

// Uncork has what is queued written.
func (q *Queue) Uncork() {
	q.corked.Store(false)
	if len(q.events) > 0 {
		q.wake()
	}
}

func (q *Queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// queued counts an event that waits now, and wakes Run where it should not wait for more.
func (q *Queue) queued() {
	q.report.Queued++
	if !q.corked.Load() || len(q.events) >= min(batchSize, cap(q.events)) {
		q.wake()
	}
}

// end refuses further events, counts those that are left as given up, and closes the writer.
func (q *Queue) end() error {
	q.mu.Lock()
	q.ended = true
	q.report.DroppedSink += q.report.Queued
	q.report.Queued = 0
	for len(q.events) > 0 {
		<-q.events
	}
	q.mu.Unlock()

	if err := q.writer.Close(); err != nil {
		q.note(err)
		return fmt.Errorf("closing sink %q: %w", q.name, err)
	}
	return nil
}
