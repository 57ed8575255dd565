//go:build linux

package trace

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock turns times since boot into times of day. The time of boot moves when somebody sets the clock, so it is looked up now and then.
type clock struct {
	looked, at time.Time
}

// fresh is how long a look is good for.
const fresh = 100 * time.Millisecond

func (c *clock) boot(now time.Time) time.Time {
	if age := now.Sub(c.looked); !c.looked.IsZero() && age >= 0 && age < fresh {
		return c.at
	}
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return c.at
	}
	c.looked = now
	// Round strips the reading of the monotonic clock: what follows is about the time of day.
	c.at = time.Now().Round(0).Add(-time.Duration(since.Nano()))
	return c.at
}
