package export

import (
	"testing"
	"testing/synctest"
	"time"
)

// A write to a slow disk holds the queue's own lock, for which its size waits.
func TestASizeThatTakesLongHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		if got := g.read(func() int64 { return 7 }); got != 7 {
			t.Errorf("%d, want 7", got)
		}
		slow, readings := make(chan struct{}), 0
		number := func() int64 {
			readings++
			<-slow
			return 8
		}
		started := time.Now()
		for range 10 {
			if got := g.read(number); got != 7 {
				t.Errorf("meanwhile %d, want 7", got)
			}
		}
		if took := time.Since(started); took > 10*patience || readings != 1 {
			t.Errorf("ten looks took %v with %d readings", took, readings)
		}
		close(slow)
		synctest.Wait()
		if got := g.read(func() int64 { return 9 }); got != 9 {
			t.Errorf("%d, want 9", got)
		}
	})
}
