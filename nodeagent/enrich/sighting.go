package enrich

import (
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// grain is how far an event's time may lie before the event: the kernel takes the time of its last tick, at most 10 ms old, and prints it
	// in milliseconds.
	grain = 11 * time.Millisecond
	// reuse is how much later than an event a process must have begun to be another one than that which made the event. The kernel's clock of
	// ticks, of which events have their time, stands still while the machine has no processor, for tens of milliseconds and more; but
	// nobody can use up all pids, 32,768 at least, in this time.
	reuse = 500 * time.Millisecond
	// trust is how long a process that is settled is taken to stay where it is without another look. Only its pid could have gone to another
	// process, and no kernel hands out all of its pids (32,768 at least) in that time.
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
	unit       *unit
	confidence event.Confidence
	source     event.Source
	traced     *Traced // what the Tracer told, where it did
	forks      uint64  // how many processes there had been
	at         time.Time
	began      time.Time // from which time on events can be of it here; zero where that is not known
	passing    bool      // whether it has moved on since
	since      time.Time // when it was first seen there, of a row of looks that memory joins
}

// after joins a sighting with the one before it.
func (s sighting) after(before sighting) sighting {
	s.since = s.at
	if before.place == s.place && before.confidence == s.confidence && s.at.Sub(before.at) < memory {
		s.since = before.since
	}
	return s
}

// kept returns what is kept of a sighting by a Tracer for the next events.
func (s sighting) kept(before sighting) sighting {
	s.traced = nil
	return s.after(before)
}

// settled says whether a process stays where it was seen. In a container it cannot do otherwise. On the host it may be on its way into one, as
// every container's first process is, but that takes no more than its first moments.
func (s sighting) settled() bool {
	return s.confidence == event.ConfidenceExact && (s.containerID != "" || s.at.Sub(s.since) >= memory)
}

// holds says whether another look could tell no more about an event of this time. What a process that is not settled did after the look, the
// look does not tell.
func (s sighting) holds(at, now time.Time) bool {
	if s.settled() {
		return s.reaches(at, now, trust)
	}
	return s.reaches(at, now, -grain)
}

// reaches says whether an event is at most until younger than the sighting.
func (s sighting) reaches(at, now time.Time, until time.Duration) bool {
	return now.Sub(s.at) < forget && !at.After(s.at.Add(until)) && !s.began.After(at)
}
