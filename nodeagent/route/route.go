// Package route says where events go.
//
// An *event.Event comes in, the routes that take it go out. The first route that matches takes the event, unless it says to continue; an event
// that none takes is the fallback's. The package is pure: it knows no sink, only names, it keeps no events, and a match allocates nothing
// unless an expression of the route does.
package route

import (
	"fmt"
	"sync/atomic"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Users knows the users of the node.
type Users interface {
	// UserID returns the id of the user of this name.
	UserID(name string) (id uint32, found bool)
}

// Route is one route. Once it is in a Table nobody may change it.
type Route struct {
	// Name is policy/route, and empty for the fallback.
	Name string
	// Continue lets later routes see the event too.
	Continue bool
	// Drop leaves the event out.
	Drop bool
	// Sinks are the names of the sinks.
	Sinks []string

	match   matcher
	exclude []matcher
	broken  string // why it can match nothing
	trouble trouble
}

// trouble is what went wrong with the expressions of a route.
type trouble struct {
	count atomic.Int64
	last  atomic.Pointer[string]
}

func (t *trouble) note(err error) {
	t.count.Add(1)
	if last := t.last.Load(); last == nil || *last != err.Error() {
		t.last.Store(new(err.Error()))
	}
}

// Errors returns for how many events an expression of the route could not be evaluated, and the latest reason; or why the route cannot match
// at all. It is safe for concurrent use.
func (r *Route) Errors() (count int64, last string) {
	if text := r.trouble.last.Load(); text != nil {
		last = *text
	}
	if r.broken != "" {
		last = r.broken
	}
	return r.trouble.count.Load(), last
}

// Fail counts an event that nobody has compared with the route. It is safe for concurrent use.
func (r *Route) Fail(why error) { r.trouble.note(why) }

// Table is the routes of a node, in order.
type Table struct {
	routes   []*Route
	fallback *Route
}

// NewTable returns the table of these routes. What none of them takes goes to the sink fallback. A route that this agent cannot compile, which
// the controller should have refused, matches nothing: its events go on to later routes. Errors of the route says why.
func NewTable(specs []v1alpha1.Route, fallback string, users Users) *Table {
	t := &Table{fallback: &Route{Sinks: []string{fallback}}}
	for _, spec := range specs {
		t.routes = append(t.routes, newRoute(spec, users))
	}
	return t
}

func newRoute(spec v1alpha1.Route, users Users) *Route {
	r := &Route{Name: spec.Name, Continue: spec.Continue, Drop: spec.Drop, Sinks: spec.Sinks}
	var err error
	if r.match, err = newMatcher(spec.Match, users); err != nil {
		r.broken = fmt.Sprintf("the route matches nothing: match: %v", err)
	}
	for i, unwanted := range spec.Exclude {
		m, err := newMatcher(unwanted, users)
		if err != nil {
			r.broken = fmt.Sprintf("the route matches nothing: exclude[%d]: %v", i, err)
		}
		r.exclude = append(r.exclude, m)
	}
	return r
}

// Routes returns the routes in order, without the fallback.
func (t *Table) Routes() []*Route { return t.routes }

// Fallback is the route of events that no other one takes.
func (t *Table) Fallback() *Route { return t.fallback }

// Match appends the routes that take the event, at least one. It is not safe for concurrent use with ResolveUsers.
func (t *Table) Match(e *event.Event, taking []*Route) []*Route {
	before := len(taking)
	for _, r := range t.routes {
		if !r.takes(e) {
			continue
		}
		taking = append(taking, r)
		if !r.Continue {
			return taking
		}
	}
	if len(taking) == before {
		taking = append(taking, t.fallback)
	}
	return taking
}

// takes says whether the event fits the route. An expression that cannot be evaluated fits nothing, so that a mistake in match sends no event
// away, and one in exclude takes none out.
func (r *Route) takes(e *event.Event) bool {
	if r.broken != "" || !r.match.fits(e, &r.trouble) {
		return false
	}
	for i := range r.exclude {
		if r.exclude[i].fits(e, &r.trouble) {
			return false
		}
	}
	return true
}

// ResolveUsers looks names of users up again: users come and go while the agent runs.
func (t *Table) ResolveUsers(users Users) {
	for _, r := range t.routes {
		r.match.resolve(users)
		for i := range r.exclude {
			r.exclude[i].resolve(users)
		}
	}
}
