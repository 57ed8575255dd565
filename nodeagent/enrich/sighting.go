package enrich

import (
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// grain is how far an event's time may lie before the event: the kernel takes the time of its last tick, at most 10 ms old, and prints it
	// in milliseconds.
	grain = 11 * time.Millisecond
	// trust is how long a process is taken to stay in its container without another look. It cannot leave it, so that only the pid could have
	// gone to another process, and no kernel hands out all of its pids (32,768 at least) in that time.
	trust = 500 * time.Millisecond
	// memory is how long after the last look a process that is gone by now is still taken to be the one that was seen.
	memory = 2 * time.Second
	// forget bounds both where the clock was set back and events seem to be older than they are.
	forget = time.Minute
	// late is from when on an event is so old that its pid may be another's by now, which costs two more files to find out.
	late = time.Second
)

// sighting is where a process was at a time.
type sighting struct {
	place
	confidence event.Confidence
	at         time.Time
}

// holds says whether another look could tell no more about an event of this time. A process of the host may be on its way into a container,
// as every container's first one is: about what it did after the look, the look tells nothing.
func (s sighting) holds(at, now time.Time) bool {
	until := -grain
	if s.confidence == event.ConfidenceExact && s.containerID != "" {
		until = trust
	}
	return s.reaches(at, now, until)
}

// reaches says whether an event is at most until younger than the sighting.
func (s sighting) reaches(at, now time.Time, until time.Duration) bool {
	return now.Sub(s.at) < forget && !at.After(s.at.Add(until))
}
