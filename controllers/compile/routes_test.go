package compile

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestARouteThatCannotBeIsSaidWithWhatToDo(t *testing.T) {
	match := func(m v1alpha1.RouteMatch) v1alpha1.Route {
		return v1alpha1.Route{Name: "r", Match: m, Sinks: []string{"s"}}
	}
	budget := func(b v1alpha1.Budget) v1alpha1.Route {
		return v1alpha1.Route{Name: "r", Budget: &b, Sinks: []string{"s"}}
	}
	aggregate := func(a v1alpha1.Aggregate) v1alpha1.Route {
		return v1alpha1.Route{Name: "r", Aggregate: &a, Sinks: []string{"s"}}
	}
	for name, test := range map[string]struct {
		route v1alpha1.Route
		want  string
	}{
		"no name":               {v1alpha1.Route{Sinks: []string{"s"}}, "route number 1 needs a name"},
		"a name with a slash":   {v1alpha1.Route{Name: "a/b", Sinks: []string{"s"}}, "needs a name"},
		"nothing to do":         {v1alpha1.Route{Name: "r"}, "name the sinks that get its events, or say drop: true"},
		"drop and sinks":        {v1alpha1.Route{Name: "r", Drop: true, Sinks: []string{"s"}}, "remove one of the two"},
		"drop and go on":        {v1alpha1.Route{Name: "r", Drop: true, Continue: true}, "remove continue, budget"},
		"sample and aggregate":  {v1alpha1.Route{Name: "r", Sample: "1%", Aggregate: &v1alpha1.Aggregate{Interval: metav1.Duration{Duration: time.Second}}, Sinks: []string{"s"}}, "do not go together"},
		"a share of everything": {v1alpha1.Route{Name: "r", Sample: "100%", Sinks: []string{"s"}}, "write it like 1% or 0.5%"},
		"no events":             {budget(v1alpha1.Budget{}), "events must be at least 1"},
		"a budget for a day":    {budget(v1alpha1.Budget{Events: 1, Per: metav1.Duration{Duration: 24 * time.Hour}}), "24h0m0s is not from 1ms to 1h"},
		"a budget by weather":   {budget(v1alpha1.Budget{Events: 1, By: "Weather"}), `"Weather" is none of Route`},
		"no interval":           {aggregate(v1alpha1.Aggregate{}), "0s is not from 1s to 1h"},
		"alike in weather":      {aggregate(v1alpha1.Aggregate{Interval: metav1.Duration{Duration: time.Second}, By: []v1alpha1.AggregateBy{"Weather"}}), `"Weather" is none of Type, Keys`},
		"an unknown result":     {match(v1alpha1.RouteMatch{Result: "yes"}), `"yes" is neither Success nor Failure`},
		"an unknown noise":      {match(v1alpha1.RouteMatch{Noise: []v1alpha1.Noise{"Birds"}}), `"Birds" is none of ContainerFirewall, ContainerVeth`},
		"a relative path":       {match(v1alpha1.RouteMatch{Paths: []string{"/a", "etc/passwd"}}), `match.paths: "etc/passwd" fits nothing`},
		"a relative program":    {match(v1alpha1.RouteMatch{Executables: []string{"bash"}}), "begin it with a slash, or with **/"},
		"a broken expression":   {match(v1alpha1.RouteMatch{CEL: "event.uid =="}), "match.cel: line 1, column 13: Syntax error"},
	} {
		problems := routeProblems([]v1alpha1.Route{test.route})
		if len(problems) != 1 || !strings.Contains(problems[0], test.want) {
			t.Errorf("%s: %q, want %q", name, problems, test.want)
		}
	}
	if got := routeProblems([]v1alpha1.Route{match(v1alpha1.RouteMatch{}), match(v1alpha1.RouteMatch{})}); len(got) != 1 || !strings.Contains(got[0], "another route") {
		t.Errorf("two routes of one name: %q", got)
	}
}

// What the page shows must compile, and go together on one node.
func TestTheExamplesOfThePageCompile(t *testing.T) {
	page, err := os.ReadFile("../../docs/routes.md")
	if err != nil {
		t.Fatal(err)
	}
	var policies []v1alpha1.AuditPolicy
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		var policy v1alpha1.AuditPolicy
		if err := yaml.UnmarshalStrict(block[1], &policy); err != nil {
			t.Fatalf("%s: %v", block[1], err)
		}
		policies = append(policies, policy)
	}
	if len(policies) < 4 {
		t.Fatalf("%d examples", len(policies))
	}
	config, _, verdicts := ForNode(Node{Name: "n", OS: "linux"}, policies, nil, nil)
	routes := 0
	for i, verdict := range verdicts {
		routes += len(policies[i].Spec.Routes)
		if verdict.Stalled() {
			t.Errorf("%s: %s", verdict.Policy, verdict.Message)
		}
	}
	if len(config.Routes) != routes {
		t.Errorf("%d of %d routes arrive at the node", len(config.Routes), routes)
	}
}
