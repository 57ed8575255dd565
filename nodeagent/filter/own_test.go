package filter

import (
	"bytes"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestOwnEventsAreOfTheSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	schema, err := compiler.Compile("../event/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := NewShaper(v1alpha1.Route{
		Name: "p/r", Aggregate: &v1alpha1.Aggregate{Interval: every(time.Minute), By: shapes()["aggregate by all and rate"].Aggregate.By},
		Budget: &v1alpha1.Budget{Events: 1, By: v1alpha1.BudgetByPod},
	})
	var out told
	for _, key := range []string{"a", "b", "a"} { // the second is beyond the budget, the third is repeated
		e := typical()
		e.Keys = []string{key}
		e.Who.ContainerID = "4b1f7f0d1c1e5a5b4c3d9e8f6f0c7a3b2d114b1f7f0d1c1e5a5b4c3d9e8f6f0c"
		s.Pass(e, start)
	}
	s.Flush(seconds(1), out.tell)
	if len(out) != 2 {
		t.Fatalf("told %v", out.facts())
	}
	for _, e := range out {
		e.Node = "worker-1"
		line, err := event.AppendLine(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
