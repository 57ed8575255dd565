// Package contest says when to stop fighting somebody who keeps undoing the same changes.
//
// The things that were repaired come in, with the time; which of them to leave alone for now goes out. A thing that is repaired a few times
// within a window is contested: from then on each repair waits longer than the one before, so that a node is not kept busy by two programs that
// both know better. A thing that has stayed for a whole window is contested no longer. The package is pure: it has no clock.
package contest

import "time"

// Limits say how patient to be.
type Limits struct {
	// After is the number of repairs of one thing within Window that make it contested. 0 is never.
	After  int
	Window time.Duration
	// Pause is the time between the repairs of a contested thing at first. It doubles with each one, up to Longest, which is at most half of
	// Window: else what is left alone could be taken for what has stayed.
	Pause, Longest time.Duration
}

// Default is what the agent uses.
var Default = Limits{After: 5, Window: 10 * time.Minute, Pause: 10 * time.Second, Longest: 5 * time.Minute}

// Contest remembers repairs. It is for one goroutine.
type Contest struct {
	limits Limits
	things map[string]*thing
}

type thing struct {
	repairs []time.Time // within the window, the latest last
	since   time.Time   // when it became contested
	pause   time.Duration
}

// New returns a Contest in which nothing is contested.
func New(limits Limits) *Contest {
	limits.Longest = min(limits.Longest, limits.Window/2)
	limits.Pause = min(limits.Pause, limits.Longest)
	return &Contest{limits: limits, things: map[string]*thing{}}
}

// Repaired takes note of things that were repaired now.
func (c *Contest) Repaired(things []string, now time.Time) {
	c.forget(now)
	if c.limits.After <= 0 {
		return
	}
	for _, name := range things {
		t := c.things[name]
		if t == nil {
			t = &thing{}
			c.things[name] = t
		}
		t.repair(now, c.limits)
	}
}

func (t *thing) repair(now time.Time, limits Limits) {
	for len(t.repairs) > 0 && now.Sub(t.repairs[0]) >= limits.Window {
		t.repairs = t.repairs[1:]
	}
	t.repairs = append(t.repairs, now)
	switch {
	case !t.since.IsZero():
		t.pause = min(2*t.pause, limits.Longest)
	case len(t.repairs) >= limits.After:
		t.since, t.pause = now, limits.Pause
	}
}

// forget drops what has stayed for a window.
func (c *Contest) forget(now time.Time) {
	for name, t := range c.things {
		if now.Sub(t.repairs[len(t.repairs)-1]) >= c.limits.Window {
			delete(c.things, name)
		}
	}
}

// Clear forgets everything: something else is wanted now.
func (c *Contest) Clear() { clear(c.things) }

// State is what is contested.
type State struct {
	// Until has the contested things, each with the time until which it is to be left alone. That time may be over.
	Until map[string]time.Time
	// Since is when the first of them became contested.
	Since time.Time
}

// State says what is contested now.
func (c *Contest) State(now time.Time) State {
	c.forget(now)
	s := State{Until: map[string]time.Time{}}
	for name, t := range c.things {
		if t.since.IsZero() {
			continue
		}
		s.Until[name] = t.repairs[len(t.repairs)-1].Add(t.pause)
		if s.Since.IsZero() || t.since.Before(s.Since) {
			s.Since = t.since
		}
	}
	return s
}

// Held says whether a thing is to be left alone now.
func (s State) Held(name string, now time.Time) bool {
	until, contested := s.Until[name]
	return contested && now.Before(until)
}
