package filter

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func seconds(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Second))) }

func every(d time.Duration) metav1.Duration { return metav1.Duration{Duration: d} }

// told collects what a Shaper tells.
type told []*event.Event

func (t *told) tell(e *event.Event) { *t = append(*t, e) }

// facts are the fields of the events that were told.
func (t *told) facts() []map[string]string {
	var all []map[string]string
	for _, e := range *t {
		facts := map[string]string{"type": e.Type}
		for _, name := range []string{"route", "by", "value", "count", "of", "serial", "first", "last"} {
			if value := field(e, name); value != "" {
				facts[name] = value
			}
		}
		all = append(all, facts)
	}
	*t = nil
	return all
}

func field(e *event.Event, name string) string {
	value, _ := e.Fields.Get(name)
	return value
}

func TestARouteThatAsksForNothingLetsEverythingThrough(t *testing.T) {
	s := NewShaper(v1alpha1.Route{Name: "p/r"})
	var out told
	for range 1000 {
		if !s.Pass(&event.Event{}, start) {
			t.Fatal("left out")
		}
	}
	s.Flush(start, out.tell)
	if len(out) > 0 || s.Counts() != (Counts{}) {
		t.Errorf("told %v, counts %+v", out.facts(), s.Counts())
	}
}

func TestABudgetIsATokenBucketForEachValue(t *testing.T) {
	for name, test := range map[string]struct {
		spec   v1alpha1.Budget
		events []*event.Event
		want   []map[string]string
	}{
		"for the route": {
			v1alpha1.Budget{Events: 2},
			[]*event.Event{{}, {}, {Keys: []string{"x"}}},
			[]map[string]string{{"by": "Route", "count": "1"}},
		},
		"for each key, of which the first counts": {
			v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByKey},
			[]*event.Event{{Keys: []string{"a", "b"}}, {Keys: []string{"b"}}, {Keys: []string{"a"}}, {Keys: []string{"a", "b"}}},
			[]map[string]string{{"by": "Key", "value": "a", "count": "2"}},
		},
		"for each pod, by its name where it is known": {
			v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByPod},
			[]*event.Event{pod("u1", "web"), pod("u2", "web"), pod("u1", "web"), pod("u3", "")},
			[]map[string]string{{"by": "Pod", "value": "shop/web", "count": "1"}},
		},
		"for the processes of the host together": {
			v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByPod},
			[]*event.Event{{}, {}},
			[]map[string]string{{"by": "Pod", "count": "1"}},
		},
		"for each namespace": {
			v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByNamespace},
			[]*event.Event{pod("u1", "web"), pod("u2", "db"), {}},
			[]map[string]string{{"by": "Namespace", "value": "shop", "count": "1"}},
		},
		"with a burst": {v1alpha1.Budget{Events: 1, Burst: 3}, []*event.Event{{}, {}, {}, {}}, []map[string]string{{"by": "Route", "count": "1"}}},
	} {
		s := NewShaper(v1alpha1.Route{Name: "p/r", Budget: &test.spec})
		left := 0
		for _, e := range test.events {
			if !s.Pass(e, start) {
				left++
			}
		}
		var out told
		s.Flush(seconds(1), out.tell)
		for _, facts := range test.want {
			facts["type"], facts["route"], facts["first"], facts["last"] = Throttled, "p/r", "2026-11-21T09:00:00.000Z", "2026-11-21T09:00:00.000Z"
		}
		if diff := cmp.Diff(test.want, out.facts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := s.Counts().Throttled; got != int64(left) {
			t.Errorf("%s: %d left out, %d counted", name, left, got)
		}
	}
}

func pod(uid, name string) *event.Event {
	return &event.Event{Who: event.Who{Confidence: event.ConfidenceExact, PodUID: uid, Namespace: "shop", Pod: name}}
}

func TestABudgetFillsWithTimeUpToItsBurst(t *testing.T) {
	s := NewShaper(v1alpha1.Route{Budget: &v1alpha1.Budget{Events: 10, Per: every(time.Second), Burst: 20}})
	passed := func(now time.Time, tries int) (n int) {
		for range tries {
			if s.Pass(&event.Event{}, now) {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		at   float64
		want int
	}{{0, 20}, {0, 0}, {0.5, 5}, {1.5, 10}, {100, 20}} {
		if got := passed(seconds(step.at), 50); got != step.want {
			t.Errorf("after %v s %d went through, want %d", step.at, got, step.want)
		}
	}
}

func TestWhatWasThrottledIsToldWhileItGoesOnAndOnce(t *testing.T) {
	s := NewShaper(v1alpha1.Route{Name: "p/r", Budget: &v1alpha1.Budget{Events: 1, Per: every(time.Hour)}})
	var out told
	s.Pass(&event.Event{}, seconds(0))
	for i := range 7200 {
		now := seconds(float64(i) + 1)
		s.Pass(&event.Event{}, now)
		s.Due(now, out.tell)
	}
	facts := out.facts()
	if len(facts) != 1 || facts[0]["count"] != "3600" {
		t.Errorf("within two hours, with a budget for an hour: %v", facts)
	}
	s = NewShaper(v1alpha1.Route{Name: "p/r", Budget: &v1alpha1.Budget{Events: 1, Per: every(time.Second)}})
	for i := range 30 {
		s.Pass(&event.Event{}, seconds(float64(i)))
		s.Pass(&event.Event{}, seconds(float64(i)))
		s.Due(seconds(float64(i)), out.tell)
	}
	s.Due(seconds(40), out.tell)
	s.Flush(seconds(50), out.tell)
	total := 0
	for _, facts := range out {
		n, _ := strconv.Atoi(field(facts, "count"))
		total += n
	}
	if len(out) != 3 || total != 30 {
		t.Errorf("%d times told of %d events", len(out), total)
	}
}

func TestTheNumberOfBucketsIsBounded(t *testing.T) {
	s := NewShaper(v1alpha1.Route{Name: "p/r", Budget: &v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByKey}})
	passed := 0
	for i := range maxBuckets + 100 {
		if s.Pass(&event.Event{Keys: []string{fmt.Sprint(i)}}, start) {
			passed++
		}
	}
	if passed != maxBuckets+1 || len(s.budget.buckets) != maxBuckets {
		t.Errorf("%d went through, %d buckets", passed, len(s.budget.buckets))
	}
	var out told
	s.Due(seconds(11), out.tell)
	if facts := out.facts(); len(facts) != 1 || facts[0]["value"] != others || facts[0]["count"] != "99" {
		t.Errorf("told %v", facts)
	}
	if len(s.budget.buckets) != 0 {
		t.Errorf("%d buckets are kept although they are full again", len(s.budget.buckets))
	}
}

func TestASampleDependsOnTheEventAlone(t *testing.T) {
	one, other := NewShaper(v1alpha1.Route{Sample: "1%"}), NewShaper(v1alpha1.Route{Name: "other", Sample: "1%"})
	larger := NewShaper(v1alpha1.Route{Sample: "2.5%"})
	const n = 200_000
	in, inLarger := 0, 0
	for i := range n {
		e := &event.Event{Node: "worker-1", Time: start.Add(time.Duration(i/7) * time.Millisecond), Serial: uint32(i)}
		has := one.Pass(e, start)
		if has != other.Pass(e, start) {
			t.Fatal("two samples of one size differ")
		}
		hasLarger := larger.Pass(e, start)
		if has && !hasLarger {
			t.Fatal("an event is in the smaller sample and not in the larger one")
		}
		if has {
			in++
		}
		if hasLarger {
			inLarger++
		}
	}
	if math.Abs(float64(in)-n*0.01) > 200 || math.Abs(float64(inLarger)-n*0.025) > 350 {
		t.Errorf("%d and %d of %d events", in, inLarger, n)
	}
	if got := one.Counts().Sampled; got != int64(n-in) {
		t.Errorf("%d are counted as left out, want %d", got, n-in)
	}
}

func TestShares(t *testing.T) {
	for share, all := range map[string]bool{"": true, "100%": true, "0%": true, "-1%": true, "x%": true, "NaN%": true, "5": true, "0.0001%": false, "99.9%": false} {
		if got := newSample(share) == 0; got != all {
			t.Errorf("%q: everything goes through is %v", share, got)
		}
	}
}

func TestOnlyWhatIsAskedForDecidesWhetherAShaperGoesOn(t *testing.T) {
	route := v1alpha1.Route{
		Name: "p/r", Sinks: []string{"a"}, Budget: &v1alpha1.Budget{Events: 5}, Aggregate: &v1alpha1.Aggregate{Interval: every(time.Minute)},
	}
	s := NewShaper(*route.DeepCopy())
	for name, test := range map[string]struct {
		change func(*v1alpha1.Route)
		want   bool
	}{
		"nothing has changed":    {func(*v1alpha1.Route) {}, true},
		"another sink":           {func(r *v1alpha1.Route) { r.Sinks = []string{"b"} }, true},
		"another match":          {func(r *v1alpha1.Route) { r.Match.Keys = []string{"k"} }, true},
		"another budget":         {func(r *v1alpha1.Route) { r.Budget.Events = 6 }, false},
		"no aggregation":         {func(r *v1alpha1.Route) { r.Aggregate = nil }, false},
		"a sample":               {func(r *v1alpha1.Route) { r.Sample = "1%" }, false},
		"another name":           {func(r *v1alpha1.Route) { r.Name = "p/q" }, false},
		"another interval":       {func(r *v1alpha1.Route) { r.Aggregate.Interval = every(time.Second) }, false},
		"another thing to count": {func(r *v1alpha1.Route) { r.Aggregate.By = []v1alpha1.AggregateBy{"Type"} }, false},
	} {
		changed := route.DeepCopy()
		test.change(changed)
		if got := s.Keeps(*changed); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestShapingAllocatesNothing(t *testing.T) {
	for name, route := range shapes() {
		s := NewShaper(route)
		e := typical()
		s.Pass(e, start)
		if got := testing.AllocsPerRun(100, func() { s.Pass(e, start) }); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}

func BenchmarkPass(b *testing.B) {
	for name, route := range shapes() {
		b.Run(name, func(b *testing.B) {
			s := NewShaper(route)
			e := typical()
			b.ReportAllocs()
			for b.Loop() {
				s.Pass(e, start)
			}
		})
	}
}

func shapes() map[string]v1alpha1.Route {
	all := v1alpha1.Aggregate{Interval: every(time.Hour), By: []v1alpha1.AggregateBy{
		"Type", "Keys", "Syscall", "Result", "Executable", "Arguments", "User", "LoginUser", "Paths", "Namespace", "Pod", "Container",
	}}
	return map[string]v1alpha1.Route{
		"nothing":                   {},
		"budget by key":             {Budget: &v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByKey}},
		"budget by pod":             {Budget: &v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByPod}},
		"sample":                    {Sample: "1%"},
		"aggregate":                 {Aggregate: &v1alpha1.Aggregate{Interval: every(time.Hour)}},
		"aggregate by all and rate": {Aggregate: &all, Budget: &v1alpha1.Budget{Events: 1}},
	}
}

func typical() *event.Event {
	return &event.Event{
		Node: "worker-1", Time: start, Serial: 9, Type: "SYSCALL", Keys: []string{"exec"}, Result: event.ResultSuccess,
		Call: event.Call{Syscall: "execve"}, Process: event.Process{Exe: "/usr/bin/touch", CWD: "/", Args: []string{"touch", "/tmp/x"}},
		User: event.User{UID: event.NewID(0)}, Paths: []event.Path{{Name: "/usr/bin/touch"}, {Name: "/lib64/ld-linux-x86-64.so.2"}},
		Who: event.Who{Confidence: event.ConfidenceExact, PodUID: "u", Namespace: "shop", Pod: "web", ContainerID: "c"},
	}
}
