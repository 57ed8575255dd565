// Package route says where events go.
//
// An *event.Event comes in, the names of its sinks go out. The first route that matches takes the event, unless it says to continue. The
// package is pure: it knows no sink, only names.
package route

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Route sends the events that match to sinks. An event matches when it fits each list that is not empty.
type Route struct {
	// Keys are keys of rules; one of them must be on the event.
	Keys []string
	// Namespaces are namespaces of pods.
	Namespaces []string
	// Continue lets later routes see the event too.
	Continue bool
	// Sinks are the names of the sinks.
	Sinks []string
}

// Table is the routes of a node, in order.
type Table struct {
	routes   []Route
	fallback []string
}

// NewTable returns the table of these routes. What none of them takes goes to fallback.
func NewTable(routes []Route, fallback string) Table {
	return Table{routes: routes, fallback: []string{fallback}}
}

// Match returns the names of the sinks that get the event, each once.
func (t Table) Match(e *event.Event) []string {
	var sinks []string
	taken := false
	for _, r := range t.routes {
		if !r.matches(e) {
			continue
		}
		if !r.Continue && !taken {
			return r.Sinks // by far the most
		}
		taken = true
		for _, name := range r.Sinks {
			if !slices.Contains(sinks, name) {
				sinks = append(sinks, name)
			}
		}
		if !r.Continue {
			break
		}
	}
	if !taken {
		return t.fallback
	}
	return sinks
}

func (r Route) matches(e *event.Event) bool {
	if len(r.Keys) > 0 && !slices.ContainsFunc(e.Keys, func(key string) bool { return slices.Contains(r.Keys, key) }) {
		return false
	}
	return len(r.Namespaces) == 0 || slices.Contains(r.Namespaces, e.Who.Namespace)
}
