package route

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestMatch(t *testing.T) {
	of := func(namespace string, keys ...string) *event.Event {
		return &event.Event{Keys: keys, Who: event.Who{Namespace: namespace}}
	}
	table := NewTable([]Route{
		{Keys: []string{"copied"}, Continue: true, Sinks: []string{"archive", "splunk"}},
		{Keys: []string{"docker", "copied"}, Sinks: []string{"splunk", "file"}},
		{Keys: []string{"exec"}, Namespaces: []string{"payments"}, Sinks: []string{"payments"}},
		{Keys: []string{"tail"}, Continue: true, Sinks: []string{"tail"}},
	}, "fallback")
	for name, test := range map[string]struct {
		in   *event.Event
		want []string
	}{
		"the first route that matches takes the event":              {of("", "docker"), []string{"splunk", "file"}},
		"one of several keys is enough":                             {of("", "other", "docker"), []string{"splunk", "file"}},
		"a route that continues adds its sinks, each once":          {of("", "copied"), []string{"archive", "splunk", "file"}},
		"every list must fit":                                       {of("shop", "exec"), []string{"fallback"}},
		"key and namespace fit":                                     {of("payments", "exec"), []string{"payments"}},
		"an event without keys goes to the fallback":                {of(""), []string{"fallback"}},
		"a host process has no namespace":                           {of("", "exec"), []string{"fallback"}},
		"a route that continues at the end has taken the event too": {of("", "tail"), []string{"tail"}},
	} {
		if diff := cmp.Diff(test.want, table.Match(test.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestATableWithoutRoutesKeepsEverything(t *testing.T) {
	if got := NewTable(nil, "fallback").Match(&event.Event{}); len(got) != 1 || got[0] != "fallback" {
		t.Errorf("Match = %q", got)
	}
}

func TestARouteWithoutListsMatchesEverything(t *testing.T) {
	if got := NewTable([]Route{{Sinks: []string{"all"}}}, "fallback").Match(&event.Event{}); len(got) != 1 || got[0] != "all" {
		t.Errorf("Match = %q", got)
	}
}

func BenchmarkMatch(b *testing.B) {
	table := NewTable([]Route{{Keys: []string{"a", "b", "c"}, Sinks: []string{"one"}}, {Sinks: []string{"two"}}}, "fallback")
	e := &event.Event{Keys: []string{"c"}}
	b.ReportAllocs()
	for b.Loop() {
		table.Match(e)
	}
}
