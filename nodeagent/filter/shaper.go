package filter

import (
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Counts is what a Shaper has left out, in events.
type Counts struct {
	// Throttled were beyond the budget, Sampled not in the sample, and Aggregated repetitions.
	Throttled, Sampled, Aggregated int64
}

// Shaper keeps to what one route asks for. One goroutine at a time may use it, and Counts any.
type Shaper struct {
	spec      v1alpha1.Route
	sample    sample
	budget    *budget
	aggregate *aggregate

	throttled, sampled, aggregated atomic.Int64
}

// NewShaper returns the Shaper of a route. One that asks for nothing lets everything through.
func NewShaper(route v1alpha1.Route) *Shaper {
	s := &Shaper{spec: route, sample: newSample(route.Sample)}
	if route.Budget != nil {
		s.budget = newBudget(route.Name, *route.Budget)
	}
	if route.Aggregate != nil {
		s.aggregate = newAggregate(route.Name, *route.Aggregate)
	}
	return s
}

// Keeps says whether the Shaper does what the route asks for, so that it can go on with what it has counted. What the route matches and where
// it sends may differ.
func (s *Shaper) Keeps(route v1alpha1.Route) bool {
	return s.spec.Name == route.Name && s.spec.Sample == route.Sample &&
		equality.Semantic.DeepEqual(s.spec.Budget, route.Budget) && equality.Semantic.DeepEqual(s.spec.Aggregate, route.Aggregate)
}

// Pass says whether the event goes through now.
func (s *Shaper) Pass(e *event.Event, now time.Time) bool {
	switch {
	case !s.sample.has(e):
		s.sampled.Add(1)
		return false
	case s.aggregate != nil && s.aggregate.repeated(e, now):
		s.aggregated.Add(1)
		return false
	case s.budget != nil && !s.budget.allow(e, now):
		s.throttled.Add(1)
		return false
	default:
		return true
	}
}

// Due tells what it is time to tell: what was left out in an interval that has passed. The events are the receiver's; their Node is empty.
func (s *Shaper) Due(now time.Time, tell func(*event.Event)) { s.report(now, false, tell) }

// Flush tells what has been left out so far and not been told, because the Shaper is used no more.
func (s *Shaper) Flush(now time.Time, tell func(*event.Event)) { s.report(now, true, tell) }

func (s *Shaper) report(now time.Time, all bool, tell func(*event.Event)) {
	if s.aggregate != nil {
		s.aggregate.due(now, all, tell)
	}
	if s.budget != nil {
		s.budget.due(now, all, tell)
	}
}

// Counts returns what was left out so far. It is safe for concurrent use.
func (s *Shaper) Counts() Counts {
	return Counts{Throttled: s.throttled.Load(), Sampled: s.sampled.Load(), Aggregated: s.aggregated.Load()}
}
