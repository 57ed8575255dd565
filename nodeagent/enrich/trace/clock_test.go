//go:build linux

package trace

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestTheTimeOfBootIsRightWhereReadingsAreTornApart(t *testing.T) {
	booted := time.Unix(1_700_000_000, 0)
	// waits are how long the thread has no processor before each reading.
	for _, test := range []struct {
		name  string
		waits []time.Duration
	}{
		{"not at all", nil},
		{"between the time since boot and the time of day", []time.Duration{0, 20 * time.Millisecond}},
		{"between the time of day and the time since boot", []time.Duration{0, 0, 20 * time.Millisecond}},
		{"again and again", []time.Duration{0, 20 * time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 0, 20 * time.Millisecond, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			since, waits := time.Hour, test.waits
			c := clock{now: time.Now, read: func(id int32) time.Duration {
				since += time.Microsecond
				if len(waits) > 0 {
					since, waits = since+waits[0], waits[1:]
				}
				if id == unix.CLOCK_REALTIME {
					return time.Duration(booted.UnixNano()) + since
				}
				return since
			}}
			if off := c.boot().Sub(booted).Abs(); off > exact {
				t.Errorf("wrong by %v, want at most %v", off, exact)
			}
		})
	}
}

func TestTheClockIsLookedUpAgainAfterAWhile(t *testing.T) {
	since, day, now, looks := time.Hour, time.Unix(1_700_000_000, 0), time.Now(), 0
	c := clock{now: func() time.Time { return now }, read: func(id int32) time.Duration {
		if looks++; id == unix.CLOCK_REALTIME {
			return time.Duration(day.UnixNano())
		}
		return since
	}}
	before := c.boot()
	since, day, now = since+fresh-1, day.Add(time.Hour), now.Add(fresh-1)
	if got := c.boot(); !got.Equal(before) || looks != 3 {
		t.Errorf("soon after a look the machine was booted at %v, want %v; after %d readings, want 3", got, before, looks)
	}
	since, now = since+1, now.Add(1)
	if got, want := c.boot(), day.Add(-since); !got.Equal(want) {
		t.Errorf("the machine was booted at %v, want %v", got, want)
	}
}

func TestFromWhenOnAProcessIsWhereItWasMoved(t *testing.T) {
	boot := time.Unix(1_700_000_000, 0)
	moved := boot.Add(time.Hour)
	for _, test := range []struct {
		name string
		call time.Time // that the audit system noted for the call that moved it
		want time.Time
	}{
		{"nothing was noted", time.Time{}, moved.Add(-grain)},
		{"the call began in this tick", moved.Add(-2500 * time.Microsecond), moved.Add(-3 * time.Millisecond)},
		{"the kernel's clock of ticks is late", moved.Add(-80 * time.Millisecond), moved.Add(-80 * time.Millisecond)},
		{"it is of another call, long ago", moved.Add(-time.Minute), moved.Add(-grain)},
		{"the clock was set back since", moved.Add(time.Hour), moved.Add(-grain)},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := record{Moved: uint64(time.Hour)}
			if !test.call.IsZero() {
				r.Call = uint64(test.call.UnixNano())
			}
			if got := r.moved(boot); !got.Equal(test.want) {
				t.Errorf("%v before the move, want %v", moved.Sub(got), moved.Sub(test.want))
			}
		})
	}
}
