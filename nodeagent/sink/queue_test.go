package sink_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var errBusy = errors.New("busy")

// destination is a writer in memory. It is down until a time, and has events that it never takes.
type destination struct {
	start   time.Time
	downFor time.Duration
	hangs   bool
	refused map[uint32]bool

	attempts []time.Duration // since start
	batches  [][]uint32
	closedAt time.Duration
	closeErr error
}

func (d *destination) Write(ctx context.Context, events []*event.Event) error {
	d.attempts = append(d.attempts, time.Since(d.start))
	if d.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if time.Since(d.start) < d.downFor {
		return errBusy
	}
	var batch []uint32
	for _, e := range events {
		if d.refused[e.Serial] {
			return fmt.Errorf("refusing: %w", sink.Permanent(errors.New("too odd")))
		}
		batch = append(batch, e.Serial)
	}
	d.batches = append(d.batches, batch)
	return nil
}

func (d *destination) Close() error {
	d.closedAt = time.Since(d.start)
	return d.closeErr
}

func (d *destination) serials() []uint32 {
	return slices.Concat(d.batches...)
}

func offer(q *sink.Queue, from, n uint32) {
	for serial := from; serial < from+n; serial++ {
		q.Offer(&event.Event{Serial: serial})
	}
}

func serials(from, n uint32) []uint32 {
	var all []uint32
	for serial := from; serial < from+n; serial++ {
		all = append(all, serial)
	}
	return all
}

// run runs the queue in a bubble for the time, looks, ends it, and looks again.
func run(t *testing.T, q *sink.Queue, lasting time.Duration, during func()) sink.Report {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- q.Run(ctx) }()
	time.Sleep(lasting)
	synctest.Wait()
	during()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	return q.Report()
}

func TestQueue(t *testing.T) {
	for name, test := range map[string]struct {
		destination destination
		size        int
		offered     uint32
		lasting     time.Duration
		during, end sink.Report
		delivered   []uint32
	}{
		"all events arrive in their order": {
			size: 1000, offered: 1000, lasting: time.Second,
			during: sink.Report{Written: 1000}, end: sink.Report{Written: 1000}, delivered: serials(1, 1000),
		},
		"a full queue drops the newest and counts them": {
			size: 10, offered: 25, lasting: time.Second,
			during: sink.Report{Written: 10, DroppedQueue: 15}, end: sink.Report{Written: 10, DroppedQueue: 15}, delivered: serials(1, 10),
		},
		"a size below one is one": {
			size: -5, offered: 2, lasting: time.Second,
			during: sink.Report{Written: 1, DroppedQueue: 1}, end: sink.Report{Written: 1, DroppedQueue: 1}, delivered: serials(1, 1),
		},
		"a destination that comes back gets all of them": {
			destination: destination{downFor: time.Minute}, size: 10, offered: 10, lasting: 2 * time.Minute,
			during: sink.Report{Written: 10}, end: sink.Report{Written: 10}, delivered: serials(1, 10),
		},
		"one event that is refused for good takes no other with it": {
			destination: destination{refused: map[uint32]bool{3: true}}, size: 10, offered: 5, lasting: time.Second,
			during:    sink.Report{Written: 4, DroppedSink: 1},
			end:       sink.Report{Written: 4, DroppedSink: 1},
			delivered: []uint32{1, 2, 4, 5},
		},
		"the last word of the destination is kept": {
			destination: destination{refused: map[uint32]bool{5: true}}, size: 10, offered: 5, lasting: time.Second,
			during:    sink.Report{Written: 4, DroppedSink: 1, LastError: "refusing: too odd"},
			end:       sink.Report{Written: 4, DroppedSink: 1, LastError: "refusing: too odd"},
			delivered: serials(1, 4),
		},
		"what waits is written at the end": {
			destination: destination{downFor: time.Minute}, size: 600, offered: 600, lasting: 59 * time.Second,
			during: sink.Report{Queued: 600, LastError: "busy"}, end: sink.Report{Written: 600}, delivered: serials(1, 600),
		},
		"what cannot be written at the end is given up": {
			destination: destination{downFor: time.Hour}, size: 600, offered: 700, lasting: time.Second,
			during: sink.Report{Queued: 600, DroppedQueue: 100, LastError: "busy"},
			end:    sink.Report{DroppedSink: 600, DroppedQueue: 100, LastError: "busy"},
		},
		"a destination that hangs holds the end up for a bounded time": {
			destination: destination{hangs: true}, size: 600, offered: 600, lasting: time.Second,
			during: sink.Report{Queued: 600}, end: sink.Report{DroppedSink: 600, LastError: "context canceled"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				destination := test.destination
				destination.start = time.Now()
				q := sink.NewQueue("vault", &destination, test.size)
				offer(q, 1, test.offered)
				test.during.Name, test.end.Name = "vault", "vault"
				end := run(t, q, test.lasting, func() {
					if diff := cmp.Diff(test.during, q.Report()); diff != "" {
						t.Errorf("while it runs (-want +got):\n%s", diff)
					}
				})
				if diff := cmp.Diff(test.end, end); diff != "" {
					t.Errorf("after the end (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.delivered, destination.serials()); diff != "" {
					t.Errorf("delivered (-want +got):\n%s", diff)
				}
				if limit := test.lasting + 5*time.Second; destination.closedAt < test.lasting || destination.closedAt > limit {
					t.Errorf("the writer was closed after %v, want between %v and %v", destination.closedAt, test.lasting, limit)
				}
				for _, batch := range destination.batches {
					if len(batch) > 256 {
						t.Errorf("a batch has %d events", len(batch))
					}
				}
			})
		})
	}
}

func TestPausesGrowFromATenthToThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		destination := &destination{start: time.Now(), downFor: time.Hour}
		q := sink.NewQueue("vault", destination, 1)
		offer(q, 1, 1)
		run(t, q, 10*time.Minute, func() {
			want := 100 * time.Millisecond
			for i := 1; i < len(destination.attempts); i++ {
				got := destination.attempts[i] - destination.attempts[i-1]
				if got < want/2 || got > want {
					t.Errorf("pause %d is %v, want between %v and %v", i, got, want/2, want)
				}
				want = min(2*want, 30*time.Second)
			}
			if len(destination.attempts) < 20 {
				t.Errorf("%d attempts in ten minutes", len(destination.attempts))
			}
		})
	})
}

func TestTheEndOfAQueueCutsAPauseShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		destination := &destination{start: time.Now(), downFor: time.Minute}
		q := sink.NewQueue("vault", destination, 1)
		offer(q, 1, 1)
		var asked time.Duration
		run(t, q, 59*time.Second, func() { asked = destination.attempts[len(destination.attempts)-1] })
		if last := destination.attempts[len(destination.attempts)-1]; last > 62*time.Second {
			t.Errorf("attempts at %v and next at %v", asked, last)
		}
	})
}

func TestEventsAfterTheEndAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := sink.NewQueue("vault", &destination{start: time.Now()}, 5)
		offer(q, 1, 3)
		run(t, q, time.Second, func() {})
		offer(q, 4, 20)
		if diff := cmp.Diff(sink.Report{Name: "vault", Written: 3, DroppedSink: 20}, q.Report()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAnErrorOfClosingIsReturnedAndReported(t *testing.T) {
	broken := errors.New("disk gone")
	q := sink.NewQueue("vault", &destination{closeErr: broken}, 5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Run(ctx); !errors.Is(err, broken) {
		t.Errorf("Run returned %v, want %v", err, broken)
	}
	if got := q.Report().LastError; got != "disk gone" {
		t.Errorf("LastError is %q", got)
	}
}

func TestEveryEventIsInOneNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		destination := &destination{start: time.Now(), refused: map[uint32]bool{7: true, 4000: true}}
		q := sink.NewQueue("vault", destination, 300)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- q.Run(ctx) }()
		offered := make(chan struct{})
		for i := range uint32(4) {
			go func() { offer(q, 1+2000*i, 2000); offered <- struct{}{} }()
		}
		for range 3 {
			<-offered
		}
		cancel()
		<-offered
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r := q.Report()
		if sum := r.Written + r.Queued + r.DroppedQueue + r.DroppedSink; sum != 8000 || r.Queued != 0 {
			t.Errorf("%+v has %d events, want 8000 and none queued", r, sum)
		}
		if int64(len(destination.serials())) != r.Written {
			t.Errorf("%d arrived, %d reported", len(destination.serials()), r.Written)
		}
	})
}

func TestPermanent(t *testing.T) {
	cause := errors.New("cause")
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"no error is not permanent":         {nil, false},
		"no error stays none":               {sink.Permanent(nil), false},
		"an ordinary error may pass":        {cause, false},
		"a marked error is permanent":       {sink.Permanent(cause), true},
		"the mark is seen through wrapping": {fmt.Errorf("writing: %w", sink.Permanent(cause)), true},
		"the mark is seen among several":    {errors.Join(cause, sink.Permanent(cause)), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sink.IsPermanent(test.err); got != test.want {
				t.Errorf("IsPermanent(%v) = %v", test.err, got)
			}
		})
	}
	if err := sink.Permanent(cause); !errors.Is(err, cause) || err.Error() != "cause" {
		t.Errorf("Permanent(%v) is %v", cause, err)
	}
}
