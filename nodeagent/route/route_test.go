package route

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// users is a node's file of users.
type users map[string]uint32

func (u users) UserID(name string) (uint32, bool) {
	id, found := u[name]
	return id, found
}

func sinksOf(table *Table, e *event.Event) []string {
	var sinks []string
	for _, r := range table.Match(e, nil) {
		sinks = append(sinks, r.Sinks...)
	}
	return sinks
}

func TestTheFirstRouteThatMatchesTakesTheEvent(t *testing.T) {
	of := func(namespace string, keys ...string) *event.Event {
		return &event.Event{Keys: keys, Who: event.Who{Namespace: namespace}}
	}
	match := func(keys ...string) v1alpha1.RouteMatch { return v1alpha1.RouteMatch{Keys: keys} }
	table := NewTable([]v1alpha1.Route{
		{Match: match("copied"), Continue: true, Sinks: []string{"archive"}},
		{Match: match("docker", "copied"), Sinks: []string{"splunk", "file"}},
		{Match: v1alpha1.RouteMatch{Keys: []string{"exec"}, Namespaces: []string{"payments"}}, Sinks: []string{"payments"}},
		{Match: match("tail"), Continue: true, Sinks: []string{"tail"}},
		{Match: match("broken", "tail"), Exclude: []v1alpha1.RouteMatch{{CEL: "event."}}, Sinks: []string{"broken"}},
		{Match: match("noise"), Exclude: []v1alpha1.RouteMatch{{Keys: []string{"kept"}}, {Types: []string{"LOGIN"}}}, Drop: true},
	}, "fallback", users{})
	for name, test := range map[string]struct {
		in   *event.Event
		want []string
	}{
		"the first route that matches takes the event":                 {of("", "docker"), []string{"splunk", "file"}},
		"one of several keys is enough":                                {of("", "other", "docker"), []string{"splunk", "file"}},
		"a route that continues adds the next one":                     {of("", "copied"), []string{"archive", "splunk", "file"}},
		"every list must fit":                                          {of("shop", "exec"), []string{"fallback"}},
		"key and namespace fit":                                        {of("payments", "exec"), []string{"payments"}},
		"an event without keys goes to the fallback":                   {of(""), []string{"fallback"}},
		"a host process has no namespace":                              {of("", "exec"), []string{"fallback"}},
		"a route that continues at the end has taken the event too":    {of("", "tail"), []string{"tail"}},
		"a route that cannot be compiled takes nothing":                {of("", "broken"), []string{"fallback"}},
		"a route that drops takes the event away":                      {of("", "noise"), nil},
		"what is excluded from it goes on to later routes":             {of("", "noise", "kept"), []string{"fallback"}},
		"one of several exclusions is enough, and each must fit whole": {&event.Event{Type: "LOGIN", Keys: []string{"noise"}}, []string{"fallback"}},
	} {
		if diff := cmp.Diff(test.want, sinksOf(table, test.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, last := table.Routes()[4].Errors(); !strings.Contains(last, "exclude[0]: cel: line 1") {
		t.Errorf("the broken route says %q", last)
	}
}

func TestATableWithoutRoutesKeepsEverything(t *testing.T) {
	if diff := cmp.Diff([]string{"fallback"}, sinksOf(NewTable(nil, "fallback", nil), &event.Event{})); diff != "" {
		t.Error(diff)
	}
}

func TestAnExpressionThatCannotBeEvaluatedFitsNothingAndIsCounted(t *testing.T) {
	table := NewTable([]v1alpha1.Route{
		{Match: v1alpha1.RouteMatch{CEL: `event.args[3] == "x"`}, Sinks: []string{"expression"}},
		{Exclude: []v1alpha1.RouteMatch{{CEL: `event.who.labels["app"] == "x"`}}, Sinks: []string{"excluding"}},
	}, "fallback", users{})
	if diff := cmp.Diff([]string{"excluding"}, sinksOf(table, &event.Event{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, want := range []string{"index out of bounds", "no such key"} {
		if count, last := table.Routes()[i].Errors(); count != 1 || !strings.Contains(last, want) {
			t.Errorf("route %d: %d errors, the last %q", i, count, last)
		}
	}
}

func TestNamesOfUsersFollowTheNode(t *testing.T) {
	known := users{"app": 1000}
	table := NewTable([]v1alpha1.Route{{
		Match: v1alpha1.RouteMatch{Users: []string{"app"}}, Exclude: []v1alpha1.RouteMatch{{LoginUsers: []string{"guest"}}}, Sinks: []string{"app"},
	}}, "fallback", known)
	e := &event.Event{User: event.User{UID: event.NewID(2000), AUID: event.NewID(7)}}
	for _, step := range []struct {
		app, guest uint32
		want       string
	}{{1000, 9, "fallback"}, {2000, 9, "app"}, {2000, 7, "fallback"}} {
		known["app"], known["guest"] = step.app, step.guest
		table.ResolveUsers(known)
		if diff := cmp.Diff([]string{step.want}, sinksOf(table, e)); diff != "" {
			t.Errorf("app %d, guest %d (-want +got):\n%s", step.app, step.guest, diff)
		}
	}
}

// busy is an event with all that the lists look at.
func busy() *event.Event {
	return &event.Event{
		Type: "SYSCALL", Node: "worker-1", Keys: []string{"exec"}, Result: event.ResultSuccess,
		Call: event.Call{Syscall: "openat"}, Process: event.Process{Exe: "/usr/bin/touch", CWD: "/home/a/work"},
		User:  event.User{UID: event.NewID(1000)},
		Who:   event.Who{Namespace: "shop", Pod: "web-0", Labels: map[string]string{"app": "web"}},
		Paths: []event.Path{{Name: "../.ssh/authorized_keys"}, {Name: "/etc/ssl/x"}},
	}
}

func everything() v1alpha1.RouteMatch {
	return v1alpha1.RouteMatch{
		Keys: []string{"a", "exec"}, Types: []string{"SYSCALL"}, Syscalls: []string{"open", "openat"}, Result: v1alpha1.MatchSuccess,
		Users: []string{"app"}, LoginUsers: []string{"unset"}, Paths: []string{"/home/*/.ssh/**"}, Executables: []string{"/usr/bin/"},
		Namespaces: []string{"shop"}, Nodes: []string{"worker-1"}, PodLabels: selector("app", "web"),
	}
}

func TestMatchingWithoutExpressionsAllocatesNothing(t *testing.T) {
	table := NewTable([]v1alpha1.Route{
		{Match: v1alpha1.RouteMatch{Keys: []string{"other"}}, Drop: true},
		{Match: everything(), Exclude: []v1alpha1.RouteMatch{{Noise: []v1alpha1.Noise{v1alpha1.NoiseContainerFirewall}}}, Sinks: []string{"one"}},
	}, "fallback", users{"app": 1000})
	e := busy()
	var taking [4]*Route
	allocations := testing.AllocsPerRun(100, func() {
		if found := table.Match(e, taking[:0]); len(found) != 1 || found[0].Drop || found[0].Sinks[0] != "one" {
			t.Fatal(found[0])
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkMatch(b *testing.B) {
	for name, specs := range map[string][]v1alpha1.Route{
		"two routes by key": {
			{Match: v1alpha1.RouteMatch{Keys: []string{"a", "b", "c"}}, Sinks: []string{"one"}}, {Sinks: []string{"two"}},
		},
		"every list":    {{Match: everything(), Sinks: []string{"one"}}},
		"an expression": {{Match: v1alpha1.RouteMatch{CEL: `event.uid >= 1000 && event.exe.startsWith("/usr/bin/")`}, Sinks: []string{"one"}}},
	} {
		b.Run(name, func(b *testing.B) {
			table := NewTable(specs, "fallback", users{"app": 1000})
			e := busy()
			var taking [4]*Route
			b.ReportAllocs()
			for b.Loop() {
				table.Match(e, taking[:0])
			}
		})
	}
}
