// Package filter says which events go on, and how many of them.
//
// An *event.Event comes in, a yes or no goes out. Filter leaves out one kind only: calls of the agent itself. Where a rule watches a place that
// the agent writes to, each event that it writes would make the next one. A Shaper keeps to what a route asks for: a budget, a sample, counting
// what is repeated. What it leaves out it counts, and tells in events of its own. Neither changes an event or keeps one, and both are told
// the time: the package has no clock.
package filter

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// Filter knows the agent.
type Filter struct {
	self event.ID
}

// New returns a Filter for the agent with this process id in the initial pid namespace.
func New(self int) Filter { return Filter{self: event.NewID(uint32(self))} }

// Keep says whether the event goes on. What the agent changes in the audit system itself is kept: auditors want to see that.
func (f Filter) Keep(e *event.Event) bool { return e.Type != "SYSCALL" || e.PID != f.self }
