package nodeconfig_test

import (
	"encoding/json"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// An agent of version 1 must not take half of a route, and a node whose routes have nothing new must not be rolled out again.
func TestADocumentHasTheVersionThatItNeeds(t *testing.T) {
	old := v1alpha1.Route{
		Name: "p/r", Match: v1alpha1.RouteMatch{Keys: []string{"k"}, Namespaces: []string{"n"}}, Continue: true, Sinks: []string{"s"},
	}
	for name, test := range map[string]struct {
		change func(*v1alpha1.Route)
		want   int
	}{
		"keys, namespaces, continue and sinks": {func(*v1alpha1.Route) {}, 1},
		"another condition":                    {func(r *v1alpha1.Route) { r.Match.Types = []string{"LOGIN"} }, 2},
		"an expression":                        {func(r *v1alpha1.Route) { r.Match.CEL = "true" }, 2},
		"an exclusion":                         {func(r *v1alpha1.Route) { r.Exclude = []v1alpha1.RouteMatch{{Keys: []string{"k"}}} }, 2},
		"drop":                                 {func(r *v1alpha1.Route) { r.Drop, r.Sinks = true, nil }, 2},
		"a sample":                             {func(r *v1alpha1.Route) { r.Sample = "1%" }, 2},
		"a budget":                             {func(r *v1alpha1.Route) { r.Budget = &v1alpha1.Budget{Events: 1} }, 2},
	} {
		route := old
		test.change(&route)
		data, err := nodeconfig.Encode(nodeconfig.Config{Node: "n", Routes: []v1alpha1.Route{old, route}})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Version int }
		if err := json.Unmarshal([]byte(data[nodeconfig.ConfigKey]), &got); err != nil || got.Version != test.want {
			t.Errorf("%s: version %d, %v", name, got.Version, err)
		}
		if _, _, err := nodeconfig.Decode(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
