//go:build linux

package trace

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock turns times since boot into times of day. The time of boot moves when somebody sets the clock, so it is looked up now and then.
type clock struct {
	read   func(id int32) time.Duration
	now    func() time.Time // whose monotonic part says how old a look is: unlike read it needs no system call
	looked time.Time
	at     time.Time
}

func newClock() clock { return clock{read: readClock, now: time.Now} }

func readClock(id int32) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(id, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

const (
	// fresh is how long a look is good for.
	fresh = 100 * time.Millisecond
	// exact is how far the two readings before and after may be apart for a look to be good, and tries is how often a better one is tried.
	exact = 50 * time.Microsecond
	tries = 20
)

// boot returns the time of day of the boot. On a busy machine this thread may have to wait for a processor between two readings, many
// milliseconds long, which would make everything seem to have begun later. So the time of day is read between two readings of the time since
// boot, and the look counts in which these are closest.
func (c *clock) boot() time.Time {
	now := c.now()
	if !c.looked.IsZero() && now.Sub(c.looked) < fresh {
		return c.at
	}
	c.looked = now
	first, closest := c.read(unix.CLOCK_BOOTTIME), time.Duration(-1)
	for range tries {
		day := c.read(unix.CLOCK_REALTIME)
		last := c.read(unix.CLOCK_BOOTTIME)
		if apart := last - first; closest < 0 || apart < closest {
			closest = apart
			c.at = time.Unix(0, int64(day-first-apart/2))
		}
		if closest <= exact {
			break
		}
		first = last
	}
	return c.at
}
