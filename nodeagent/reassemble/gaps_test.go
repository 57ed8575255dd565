package reassemble_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

// serials returns those from first to last.
func serials(first, last uint32) []uint32 {
	var all []uint32
	for serial := first; serial <= last; serial++ {
		all = append(all, serial)
	}
	return all
}

func TestGaps(t *testing.T) {
	tests := []struct {
		name    string
		serials []uint32
		atOnce  int64
		settled int64 // after Timeout
	}{
		{"a row without a hole has lost nothing", serials(7, 11), 0, 0},
		{"the first serial is where counting begins", []uint32{4711}, 0, 0},
		{"a hole counts when it has been one for Timeout", []uint32{1, 2, 6}, 0, 3},
		{"a serial that comes late is not lost", []uint32{1, 4, 3, 2, 5}, 0, 0},
		{"of a hole that is half filled the rest counts", []uint32{1, 5, 3}, 0, 2},
		{"several records of an event are one serial", []uint32{1, 1, 1, 2, 2}, 0, 0},
		{"what is older than the first is no loss", []uint32{100, 98, 101}, 0, 0},
		{"a row goes on after the last serial", []uint32{1<<32 - 2, 1<<32 - 1, 0, 1}, 0, 0},
		{"a hole where serials start again", []uint32{1<<32 - 2, 1}, 0, 2},
		{"a hole too great to wait for counts at once", []uint32{1, 20002}, 20000, 20000},
		{"what was waited for counts with it", []uint32{1, 4, 20005}, 20002, 20002},
		{"after a great hole counting goes on", []uint32{1, 20002, 20003, 20005}, 20000, 20001},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := open()
				for _, serial := range test.serials {
					r.Push(record(userLogin, serial, ""))
				}
				if got := r.Gaps(); got != test.atOnce {
					t.Errorf("Gaps = %d at once, want %d", got, test.atOnce)
				}
				for !r.Deadline().IsZero() {
					time.Sleep(time.Until(r.Deadline()))
					r.Expire()
				}
				if got := r.Gaps(); got != test.settled {
					t.Errorf("Gaps = %d after Timeout, want %d", got, test.settled)
				}
				r.Close()
			})
		})
	}
}

func TestASerialThatComesAfterTimeoutStaysCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open()
		r.Push(record(userLogin, 1, ""))
		r.Push(record(userLogin, 3, ""))
		time.Sleep(time.Until(r.Deadline()))
		r.Expire()
		r.Push(record(userLogin, 2, ""))
		if got := r.Gaps(); got != 1 {
			t.Errorf("Gaps = %d, want 1", got)
		}
		r.want(t, "what came", "1: 1112", "3: 1112", "2: 1112")
	})
}

func TestAHoleIsToldWithTheSerialsOnBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open()
		for _, serial := range []uint32{4294967294, 1, 5} { // 4294967295 and 0 are missing, and 2 to 4
			r.Push(record(syscallType, serial, ""))
		}
		r.Push(record(syscallType, 3, ""))
		time.Sleep(reassemble.Timeout)
		r.Expire()
		if got := r.TakeHole(); got.Count != 4 || got.Before != 4294967294 || got.After != 5 {
			t.Errorf("%+v", got)
		}
		if again := r.TakeHole(); again.Count != 0 {
			t.Errorf("told again: %+v", again)
		}
	})
}
