package filter

import (
	"cmp"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// maxBuckets bounds the memory of one budget: some 0.5 MiB. Values beyond share one bucket, until others have been quiet.
	maxBuckets = 4096
	// tellEvery is the shortest time between two events that say what one value was denied.
	tellEvery = 10 * time.Second
	// others is the value of the shared bucket.
	others = "(others)"
)

// budget is a token bucket for each value.
type budget struct {
	route   string
	by      v1alpha1.BudgetBy
	limit   rate.Limit
	burst   int
	every   time.Duration // between two tellings
	buckets map[string]*bucket
	rest    *bucket // of the values for which there is no room
}

type bucket struct {
	tokens      *rate.Limiter
	value       string
	count       int64 // left out and not told
	first, last time.Time
}

func newBudget(route string, spec v1alpha1.Budget) *budget {
	per := cmp.Or(spec.Per.Duration, time.Second)
	b := &budget{
		route: route, by: cmp.Or(spec.By, v1alpha1.BudgetByRoute),
		limit: rate.Limit(float64(spec.Events) / per.Seconds()), burst: int(cmp.Or(spec.Burst, spec.Events)),
		every: max(per, tellEvery), buckets: map[string]*bucket{},
	}
	b.rest = &bucket{tokens: rate.NewLimiter(b.limit, b.burst), value: others}
	return b
}

func (b *budget) allow(e *event.Event, now time.Time) bool {
	of := b.bucket(e)
	if of.tokens.AllowN(now, 1) {
		return true
	}
	if of.count == 0 {
		of.first = now
	}
	of.count++
	of.last = now
	return false
}

func (b *budget) bucket(e *event.Event) *bucket {
	key := valueOf(b.by, e)
	if found := b.buckets[key]; found != nil {
		return found
	}
	if len(b.buckets) >= maxBuckets {
		return b.rest
	}
	made := &bucket{tokens: rate.NewLimiter(b.limit, b.burst), value: strings.Clone(name(b.by, e, key))}
	b.buckets[strings.Clone(key)] = made
	return made
}

// valueOf is the part of the event that has a budget of its own.
func valueOf(by v1alpha1.BudgetBy, e *event.Event) string {
	switch by {
	case v1alpha1.BudgetByKey:
		if len(e.Keys) > 0 {
			return e.Keys[0]
		}
		return ""
	case v1alpha1.BudgetByPod:
		return cmp.Or(e.Who.PodUID, e.Who.ContainerID)
	case v1alpha1.BudgetByNamespace:
		return e.Who.Namespace
	default:
		return ""
	}
}

// name is what people call that value.
func name(by v1alpha1.BudgetBy, e *event.Event, value string) string {
	if by == v1alpha1.BudgetByPod && e.Who.Pod != "" {
		return e.Who.Namespace + "/" + e.Who.Pod
	}
	return value
}

// due tells what was left out and forgets buckets that are full again: a new one would be the same.
func (b *budget) due(now time.Time, all bool, tell func(*event.Event)) {
	for key, of := range b.buckets {
		b.tell(of, now, all, tell)
		if of.count == 0 && of.tokens.TokensAt(now) >= float64(b.burst) {
			delete(b.buckets, key)
		}
	}
	b.tell(b.rest, now, all, tell)
}

func (b *budget) tell(of *bucket, now time.Time, all bool, tell func(*event.Event)) {
	if of.count == 0 || !all && now.Sub(of.first) < b.every {
		return
	}
	tell(newEvent(Throttled, now, []pair{
		{"route", b.route}, {"by", string(b.by)}, {"value", of.value}, {"count", number(of.count)}, {"first", stamp(of.first)}, {"last", stamp(of.last)},
	}))
	of.count = 0
}
