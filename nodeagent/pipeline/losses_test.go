package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

// said returns what the lines of a file say about losses: place, and its fields but the times.
func said(t *testing.T, text []byte) map[string][]map[string]string {
	t.Helper()
	found := map[string][]map[string]string{}
	for line := range bytes.Lines(text) {
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != event.TypeLost {
			continue
		}
		fields := map[string]string{}
		for _, f := range e.Fields {
			if f.Name != "since" && f.Name != "place" {
				fields[f.Name] = f.Value
			}
		}
		place, _ := e.Fields.Get("place")
		found[place] = append(found[place], fields)
	}
	return found
}

func TestEveryLossIsSaidInTheStreamOncePerSecondAndSummed(t *testing.T) {
	kernel := Kernel{Lost: 100}
	var mu sync.Mutex
	p := road(t, Options{Kernel: func() (Kernel, error) { mu.Lock(); defer mu.Unlock(); return kernel, nil }})
	p.losses.flow = make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var accounting sync.WaitGroup
	for range 10 {
		p.lose(event.Hole{Where: event.LossGap, Count: 2, Since: time.Now(), Before: 5, After: 8})
	}
	p.lose(event.Hole{Where: event.LossSocket, Count: 1, Since: time.Now(), Before: 8, After: 20})
	accounting.Go(func() { p.account(ctx) })
	for p.losses.kernel.Load() == 0 {
		mu.Lock()
		kernel.Lost += 3
		mu.Unlock()
		p.flows()
		time.Sleep(time.Millisecond)
	}
	cancel()
	accounting.Wait()
	p.sinks.say(&p.losses, "node")
	p.sinks.stopAll()
	text, err := os.ReadFile(filepath.Join(p.options.LogDir, "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	got := said(t, text)
	if len(got["kernel"]) != 1 {
		t.Errorf("of the kernel's losses was said %v", got["kernel"])
	}
	delete(got, "kernel")
	want := map[string][]map[string]string{
		"gap":    {{"count": "20", "lastSerial": "5", "nextSerial": "8"}},
		"socket": {{"count": "1", "lastSerial": "8", "nextSerial": "20"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

// blocked is a sink that takes nothing until it is let go.
type blocked struct {
	free  chan struct{}
	lines []*event.Event
}

func (b *blocked) Write(_ context.Context, events []*event.Event) error {
	<-b.free
	b.lines = append(b.lines, events...)
	return nil
}

func (b *blocked) Close() error { return nil }

func TestASinkIsToldOfItsOwnLossWhenItHasRoomAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &blocked{free: make(chan struct{})}
		queue := sink.NewQueue("slow", writer, 2)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = queue.Run(ctx) }()
		target := destination{kind: "slow"}
		s := &sinks{places: map[destination]*place{target: {queue: queue}}}
		var l losses
		queue.Offer(&event.Event{})
		synctest.Wait() // the writer has it
		for range 5 {
			queue.Offer(&event.Event{})
		}
		if !s.say(&l, "node") {
			t.Error("said although the queue is full")
		}
		close(writer.free)
		synctest.Wait()
		time.Sleep(time.Second)
		for range 2 { // once only
			if s.say(&l, "node") {
				t.Error("not said although there is room")
			}
		}
		cancel()
		<-done
		var counts []string
		for _, e := range writer.lines {
			if count, found := e.Fields.Get("count"); found {
				counts = append(counts, count)
			}
		}
		if diff := cmp.Diff([]string{"3"}, counts); diff != "" {
			t.Errorf("counts that were said (-want +got):\n%s", diff)
		}
	})
}

func TestTheKernelsCount(t *testing.T) {
	var now Kernel
	var failed error
	c := lostCounter{ask: func() (Kernel, error) { return now, failed }}
	for i, step := range []struct {
		kernel  Kernel
		err     error
		lost    int64
		certain bool
	}{
		{Kernel{Lost: 7}, nil, 0, true}, // what was lost before is not this agent's
		{Kernel{Lost: 9}, nil, 2, true},
		{Kernel{Lost: 50}, errors.New("away"), 0, false},
		{Kernel{Lost: 10}, nil, 1, true},
		{Kernel{Lost: 0}, nil, 0, true}, // somebody has reset it
		{Kernel{Lost: 4}, nil, 4, true},
		{Kernel{Lost: 5, KeepsCopies: true}, nil, 1, false}, // copies for a daemon that does not run
		{Kernel{Lost: 6, KeepsCopies: true, Auditd: 3}, nil, 1, true},
	} {
		now, failed = step.kernel, step.err
		if lost, certain := c.next(); lost != step.lost || certain != step.certain {
			t.Errorf("step %d: lost %d, certain %v", i, lost, certain)
		}
	}
}
