package export_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// patient are settings of a destination that wants few and large batches.
func patient(size int64, age time.Duration) export.Settings {
	s := quick
	s.BatchSize, s.BatchAge = size, age
	return s
}

func (w *world) pushed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pushes
}

func TestABatchIsPushedWhenItIsLargeOrOld(t *testing.T) {
	t.Run("large", func(t *testing.T) {
		w := &world{}
		s := export.New(options(t.TempDir(), patient(100<<10, time.Hour), w))
		var n uint32
		for ; w.pushed() == 0; n += 10 {
			write(t, s, numbered(n, 10))
			time.Sleep(time.Millisecond)
		}
		eventually(t, "the first batch", func() bool { return len(w.got()) > 0 })
		if got := len(w.got()); got < 100 { // an event has less than a kilobyte
			t.Errorf("the first batch has %d events", got)
		}
		closing(t, s) // which delivers what waited
		if got := w.got(); !slices.Equal(got, serials(0, n)) {
			t.Errorf("%d of %d events", len(got), n)
		}
	})
	t.Run("old", func(t *testing.T) {
		w := &world{}
		s := export.New(options(t.TempDir(), patient(8<<20, 100*time.Millisecond), w))
		write(t, s, numbered(0, 10))
		eventually(t, "all events", func() bool { return len(w.got()) == 10 })
		closing(t, s)
	})
}

func TestAnOpenBatchSurvivesTheAgent(t *testing.T) {
	dir := t.TempDir()
	w := &world{down: errors.New("away")}
	s := export.New(options(dir, patient(8<<20, time.Hour), w))
	for at := uint32(0); at < 100; at += 10 {
		write(t, s, numbered(at, 10))
	}
	closing(t, s)
	if len(w.got()) > 0 {
		t.Fatal("a destination that is away got something")
	}
	w.change(func() { w.down = nil })
	s = export.New(options(dir, patient(8<<20, 50*time.Millisecond), w))
	eventually(t, "all events", func() bool { return len(w.got()) >= 100 })
	closing(t, s)
	got := w.got()
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), serials(0, 100)) {
		t.Errorf("%d of 100 events", len(got))
	}
}
