package pipeline

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/filter"
	"github.com/nodeaudit/nodeaudit/nodeagent/route"
)

// lanes are the routes with what they have counted. Their owner's lock guards them; counts may be read without.
type lanes struct {
	users route.Users
	table *route.Table
	order []*lane
	of    map[*route.Route]*lane
}

// lane is one route, its budget and its counts.
type lane struct {
	route  *route.Route
	shaper *filter.Shaper
	counts *counts
}

// counts go on as long as the node has a route of that name.
type counts struct {
	matched, filtered            atomic.Int64
	throttled, sampled, repeated atomic.Int64 // of shapers that are no more
	errors                       atomic.Int64 // of routes that are no more
}

func newLanes(users route.Users, specs []v1alpha1.Route) *lanes {
	return (&lanes{users: users}).next(specs)
}

// next returns the lanes of new routes. A route that asks for the same goes on with its budget and with what it counts, one of the same name
// with its counts.
func (l *lanes) next(specs []v1alpha1.Route) *lanes {
	n := &lanes{users: l.users, table: route.NewTable(specs, nodeconfig.DefaultSink, l.users), of: map[*route.Route]*lane{}}
	for i, r := range n.table.Routes() {
		made := &lane{route: r, counts: &counts{}}
		if old := l.named(r.Name); old != nil {
			made.counts = old.counts
			failed, _ := old.route.Errors()
			made.counts.errors.Add(failed)
			if old.shaper.Keeps(specs[i]) {
				made.shaper = old.shaper
			} else {
				made.counts.keep(old.shaper.Counts())
			}
		}
		if made.shaper == nil {
			made.shaper = filter.NewShaper(specs[i])
		}
		n.order = append(n.order, made)
		n.of[r] = made
	}
	return n
}

func (c *counts) keep(of filter.Counts) {
	c.throttled.Add(of.Throttled)
	c.sampled.Add(of.Sampled)
	c.repeated.Add(of.Aggregated)
}

func (l *lanes) named(name string) *lane {
	for _, of := range l.order {
		if of.route.Name == name {
			return of
		}
	}
	return nil
}

// match appends the routes through which the event goes.
func (l *lanes) match(e *event.Event, now time.Time, through []*route.Route) []*route.Route {
	var taking [8]*route.Route
	for _, r := range l.table.Match(e, taking[:0]) {
		if of := l.of[r]; of == nil || of.pass(e, now) {
			through = append(through, r)
		}
	}
	return through
}

func (l *lane) pass(e *event.Event, now time.Time) bool {
	l.counts.matched.Add(1)
	if l.route.Drop {
		l.counts.filtered.Add(1)
		return false
	}
	return l.shaper.Pass(e, now)
}

// due tells what routes have left out. Those that goOn does not take are told to the end.
func (l *lanes) due(now time.Time, goOn func(*lane) bool, tell func(*route.Route, *event.Event)) {
	for _, of := range l.order {
		report := of.shaper.Due
		if !goOn(of) {
			report = of.shaper.Flush
		}
		report(now, func(e *event.Event) { tell(of.route, e) })
	}
}

// report counts for each route.
func (l *lanes) report() []v1alpha1.RouteReport {
	list := make([]v1alpha1.RouteReport, 0, len(l.order))
	for _, of := range l.order {
		failed, last := of.route.Errors()
		left := of.shaper.Counts()
		list = append(list, v1alpha1.RouteReport{
			Name: of.route.Name, Matched: of.counts.matched.Load(), Filtered: of.counts.filtered.Load(),
			Throttled: of.counts.throttled.Load() + left.Throttled, Sampled: of.counts.sampled.Load() + left.Sampled,
			Aggregated: of.counts.repeated.Load() + left.Aggregated, Errors: of.counts.errors.Load() + failed, LastError: limit(last),
		})
	}
	return list
}

// maxRoutes is as many as a report may have, and maxRouteName as long as their names may be.
const (
	maxRoutes    = 256
	maxRouteName = 253
)

const (
	// tellEvery is how often routes are asked whether there is something to tell.
	tellEvery = time.Second
	// resolveEvery is how often names of users and groups are looked up again.
	resolveEvery = 10 * time.Second
)

// clock calls tick until it is stopped.
type clock struct {
	quit chan struct{}
	done sync.WaitGroup
	once sync.Once
}

func startClock(tick func(now time.Time)) *clock {
	c := &clock{quit: make(chan struct{})}
	c.done.Go(func() {
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for {
			select {
			case <-c.quit:
				return
			case now := <-ticker.C:
				tick(now)
			}
		}
	})
	return c
}

func (c *clock) stop() {
	c.once.Do(func() { close(c.quit) })
	c.done.Wait()
}
