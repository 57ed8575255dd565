package export_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// What is delivered after all is the latest, without a hole, and the rest is counted.
func TestAFullQueueGivesUpTheOldest(t *testing.T) {
	for name, test := range map[string]struct {
		memory, hangs bool
	}{
		"on disk, and nobody is there":       {false, false},
		"in memory, and nobody is there":     {true, false},
		"on disk, and the other one hangs":   {false, true},
		"in memory, and the other one hangs": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{down: errors.New("away")}
			if test.hangs {
				w = &world{hangs: true}
			}
			settings := quick
			settings.Memory, settings.DropOldest, settings.MaxSize, settings.Timeout = test.memory, true, 64<<10, 20*time.Millisecond
			s := export.New(options(t.TempDir(), settings, w))
			const all = 1000
			for n := uint32(0); n < all; n += 10 {
				write(t, s, numbered(n, 10))
			}
			eventually(t, "what was given up is told", func() bool {
				d := s.Delivery()
				return d.Dropped > 0 && strings.HasPrefix(d.LastError, "the queue is full, and the oldest events are given up: ")
			})
			w.change(func() { w.down, w.hangs = nil, false })
			eventually(t, "the last event", func() bool { return slices.Contains(w.got(), all-1) })
			eventually(t, "an empty queue", func() bool { return s.Delivery().Queued == 0 })
			d := s.Delivery()
			closing(t, s)
			got := w.got()
			if d.Dropped+d.Written != all || int64(len(got)) != d.Written || d.LastError != "" {
				t.Errorf("%d arrived, delivery %+v", len(got), d)
			}
			if want := serials(all-uint32(len(got)), uint32(len(got))); !slices.Equal(got, want) {
				t.Errorf("%d arrived: %v", len(got), got)
			}
			if d.Written < 20 {
				t.Errorf("only %d of %d are left of a queue that had room for more", d.Written, all)
			}
		})
	}
}
