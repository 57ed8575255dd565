package pipeline

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/route"
)

var out = []nodeconfig.Sink{{Name: "out", Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout}}}

// printed stops the road and returns the events on standard output.
func printed(t *testing.T, p *Pipeline, text *bytes.Buffer) []event.Event {
	t.Helper()
	p.sinks.stopAll()
	var events []event.Event
	for line := range bytes.Lines(text.Bytes()) {
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

func kinds(events []event.Event) []string {
	var list []string
	for _, e := range events {
		count, _ := e.Fields.Get("count")
		list = append(list, strings.TrimSpace(e.Type+" "+count))
	}
	return list
}

func budget(n int32) *v1alpha1.Budget {
	return &v1alpha1.Budget{Events: n, Per: metav1.Duration{Duration: time.Hour}}
}

func TestRoutesDropBoundAndCountAndNothingElseIsLeftOut(t *testing.T) {
	var text bytes.Buffer
	p := road(t, Options{Stdout: &text})
	minute := &v1alpha1.Aggregate{Interval: metav1.Duration{Duration: time.Minute}}
	routes := []v1alpha1.Route{
		{Name: "p/noise", Match: v1alpha1.RouteMatch{Keys: []string{"noise"}}, Drop: true},
		{Name: "p/expression", Match: v1alpha1.RouteMatch{CEL: `event.args[0] == "x"`}, Sinks: []string{"out"}},
		{Name: "p/bounded", Match: v1alpha1.RouteMatch{Keys: []string{"flood"}}, Budget: budget(2), Sinks: []string{"out"}},
		{Name: "p/repeated", Match: v1alpha1.RouteMatch{Keys: []string{"again"}}, Aggregate: minute, Sinks: []string{"out"}},
	}
	p.Configure(routes, out)
	for i, key := range []string{"noise", "flood", "flood", "flood", "flood", "flood", "again", "again", "again", "noise", "other"} {
		p.happens(uint32(i+1), 1, key)
	}
	events, _ := p.Report()
	for i := range events.Routes {
		events.Routes[i].LastError, _, _ = strings.Cut(events.Routes[i].LastError, ":")
	}
	want := []v1alpha1.RouteReport{
		{Name: "p/noise", Matched: 2, Filtered: 2},
		{Name: "p/expression", Errors: 9, LastError: "index out of bounds"},
		{Name: "p/bounded", Matched: 5, Throttled: 3},
		{Name: "p/repeated", Matched: 3, Aggregated: 2},
	}
	if diff := cmp.Diff(want, events.Routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	if events.Lost != (v1alpha1.LossReport{}) {
		t.Errorf("what was left out counts as lost: %+v", events.Lost)
	}
	printedEvents := printed(t, p, &text)
	if diff := cmp.Diff([]string{"SYSCALL", "SYSCALL", "SYSCALL", "NODEAUDIT_THROTTLED 3", "NODEAUDIT_REPEATED 2"}, kinds(printedEvents)); diff != "" {
		t.Errorf("standard output (-want +got):\n%s", diff)
	}
	for _, e := range printedEvents {
		if e.Node != "node" {
			t.Errorf("%s is of node %q", e.Type, e.Node)
		}
	}
}

func TestARouteThatStaysKeepsItsStateAndOneThatChangesTellsIt(t *testing.T) {
	var text bytes.Buffer
	p := road(t, Options{Stdout: &text})
	route := func(name string, n int32) v1alpha1.Route {
		return v1alpha1.Route{Name: "p/" + name, Match: v1alpha1.RouteMatch{Keys: []string{name}}, Budget: budget(n), Sinks: []string{"out"}}
	}
	p.Configure([]v1alpha1.Route{route("stays", 2), route("grows", 2), route("goes", 2)}, out)
	serial := uint32(0)
	happen := func(times int) {
		for range times {
			for _, key := range []string{"stays", "grows", "goes"} {
				serial++
				p.happens(serial, 1, key)
			}
		}
	}
	happen(3)
	changed := route("stays", 2)
	changed.Match.Types = []string{"SYSCALL"} // what it matches is no part of its state
	p.Configure([]v1alpha1.Route{route("grows", 4), changed}, out)
	happen(1)
	events, _ := p.Report()
	want := []v1alpha1.RouteReport{{Name: "p/grows", Matched: 4, Throttled: 1}, {Name: "p/stays", Matched: 4, Throttled: 2}}
	if diff := cmp.Diff(want, events.Routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	var told []string
	for _, e := range printed(t, p, &text) {
		if e.Type != "SYSCALL" {
			of, _ := e.Fields.Get("route")
			count, _ := e.Fields.Get("count")
			told = append(told, of+" "+count)
		}
	}
	slices.Sort(told[:2]) // both at the change
	if diff := cmp.Diff([]string{"p/goes 1", "p/grows 1", "p/stays 2"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestWhatWasLeftOutIsToldInTimeThoughNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lanes := newLanes(host.New("/"), []v1alpha1.Route{
			{Name: "p/b", Match: v1alpha1.RouteMatch{Keys: []string{"b"}}, Budget: &v1alpha1.Budget{Events: 1}, Sinks: []string{"out"}},
			{Name: "p/a", Aggregate: &v1alpha1.Aggregate{Interval: metav1.Duration{Duration: 30 * time.Second}}, Sinks: []string{"out"}},
		})
		var mu sync.Mutex
		var told []string
		clock := startClock(func(now time.Time) {
			mu.Lock()
			defer mu.Unlock()
			lanes.due(now, func(*lane) bool { return true }, func(_ *route.Route, e *event.Event) { told = append(told, e.Type) })
		})
		defer clock.stop()
		mu.Lock()
		for _, key := range []string{"b", "b", "a", "a"} {
			lanes.match(&event.Event{Type: "SYSCALL", Keys: []string{key}}, time.Now(), nil)
		}
		mu.Unlock()
		for _, step := range []struct {
			after time.Duration
			want  []string
		}{{9 * time.Second, nil}, {2 * time.Second, []string{"NODEAUDIT_THROTTLED"}}, {21 * time.Second, []string{"NODEAUDIT_REPEATED"}}, {time.Hour, nil}} {
			time.Sleep(step.after)
			synctest.Wait()
			mu.Lock()
			got := told
			told = nil
			mu.Unlock()
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("%s later (-want +got):\n%s", step.after, diff)
			}
		}
	})
}

func TestMetricsHaveWhatRoutesLeftOut(t *testing.T) {
	p := road(t, Options{})
	p.Configure([]v1alpha1.Route{{Name: "p/noise", Match: v1alpha1.RouteMatch{Keys: []string{"noise"}}, Drop: true}}, nil)
	p.happens(1, 1, "noise")
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(p); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP nodeaudit_route_left_out_total Events that a route took and left out because it asks for that: filtered by drop, throttled by its budget, sampled or aggregated.
# TYPE nodeaudit_route_left_out_total counter
nodeaudit_route_left_out_total{route="p/noise",why="aggregated"} 0
nodeaudit_route_left_out_total{route="p/noise",why="filtered"} 1
nodeaudit_route_left_out_total{route="p/noise",why="sampled"} 0
nodeaudit_route_left_out_total{route="p/noise",why="throttled"} 0
# HELP nodeaudit_route_matched_total Events that a route took.
# TYPE nodeaudit_route_matched_total counter
nodeaudit_route_matched_total{route="p/noise"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "nodeaudit_route_left_out_total", "nodeaudit_route_matched_total"); err != nil {
		t.Error(err)
	}
}
