package reassemble_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

func TestDeadlineIsKeptWhileSomethingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open()
		start := time.Now()
		r.Push(record(syscallType, 1, ""))
		if got := r.Deadline().Sub(start); got != reassemble.Timeout {
			t.Fatalf("Deadline is in %v, want %v", got, reassemble.Timeout)
		}
		time.Sleep(100 * time.Millisecond)
		r.Push(record(pathType, 1, ""))
		r.Push(record(syscallType, 2, ""))
		if got := r.Deadline().Sub(start); got != reassemble.Timeout {
			t.Errorf("another record moved the deadline to %v, want %v", got, reassemble.Timeout)
		}
		time.Sleep(time.Until(r.Deadline()))
		r.Expire()
		r.want(t, "at the deadline", "1: 1300 1302")
		if got := time.Until(r.Deadline()); got <= 0 || got > reassemble.Timeout {
			t.Fatalf("the next deadline is in %v, want one within %v for what still waits", got, reassemble.Timeout)
		}
		time.Sleep(time.Until(r.Deadline()))
		r.Expire()
		r.want(t, "at the second deadline", "2: 1300")
		if !r.Deadline().IsZero() {
			t.Errorf("Deadline = %v although nothing waits", r.Deadline())
		}
	})
}

func TestExpireTooEarlyGivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open()
		r.Expire()
		r.Push(record(syscallType, 1, ""))
		time.Sleep(reassemble.Timeout / 2)
		r.Expire()
		r.want(t, "before the deadline")
		if r.Deadline().IsZero() {
			t.Error("no deadline although an event waits")
		}
		r.Push(record(eoe, 1, ""))
		r.want(t, "at its end", "1: 1300")
	})
}

func TestNoEventWaitsForLongerThanTwoTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open()
		var longest time.Duration
		for serial := uint32(1); serial < 50; serial++ {
			r.Push(record(configChange, serial, ""))
			pushed := time.Now()
			for len(r.take()) == 0 {
				time.Sleep(time.Until(r.Deadline()))
				r.Expire()
			}
			longest = max(longest, time.Since(pushed))
			time.Sleep(time.Duration(serial) * 7 * time.Millisecond)
		}
		if longest > 2*reassemble.Timeout {
			t.Errorf("an event waited for %v, want at most %v", longest, 2*reassemble.Timeout)
		}
	})
}
