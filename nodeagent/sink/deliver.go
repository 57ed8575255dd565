package sink

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// firstPause and longestPause are the ends of the waits between two attempts: a hiccup is over in the first, and a full disk that
	// somebody cleaned is noticed after the longest.
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// deliver hands the batch to the writer until it is taken, refused for good, or late has ended. A batch that is refused for good is handed
// over event by event, so that one bad event does not take the others with it.
func (q *Queue) deliver(ctx, late context.Context, batch []*event.Event) {
	err := q.insist(ctx, late, batch)
	switch {
	case err == nil:
		q.count(&q.report.Written, batch)
	case IsPermanent(err) && len(batch) > 1:
		for i := range batch {
			q.deliver(ctx, late, batch[i:i+1])
		}
	default:
		q.count(&q.report.DroppedSink, batch)
	}
}

// insist writes the batch, again and again after errors that may pass. When ctx ends it tries once more at once.
func (q *Queue) insist(ctx, late context.Context, batch []*event.Event) error {
	pause := firstPause
	for {
		err := q.writer.Write(late, batch)
		q.note(err)
		if err == nil || IsPermanent(err) || late.Err() != nil {
			return err
		}
		if ctx.Err() != nil {
			wait(late, jitter(pause))
		} else {
			wait(ctx, jitter(pause))
		}
		pause = min(2*pause, longestPause)
		if ctx.Err() != nil {
			pause = min(pause, time.Second)
		}
	}
}

// wait returns after the time, or when ctx ends.
func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// jitter returns between half of the pause and all of it, so that nodes that failed together do not come back together.
func jitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // nobody gains by guessing a pause
}

// note keeps the writer's latest word.
func (q *Queue) note(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.report.LastError = ""
	if err != nil {
		q.report.LastError = err.Error()
	}
}

// count moves the events of the batch from those that wait to another number of the report.
func (q *Queue) count(number *int64, batch []*event.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	*number += int64(len(batch))
	q.report.Queued -= int64(len(batch))
}
