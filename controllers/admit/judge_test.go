package admit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

const broken = "-a always,exit -F nosuchfield=1\n"

func policy(name, rules string) *v1alpha1.AuditPolicy {
	return &v1alpha1.AuditPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AuditPolicySpec{Rules: rules}}
}

// What the webhook's configuration keeps away is let through here as well: somebody may have changed the configuration.
func TestValidateUpdateRefusesNothingWhereNothingNewIsAskedFor(t *testing.T) {
	labelled, ending := policy("p", broken), policy("p", "-w /etc/shadow "+broken)
	labelled.Labels = map[string]string{"team": "x"}
	ending.DeletionTimestamp = new(metav1.Now())
	for name, after := range map[string]*v1alpha1.AuditPolicy{"a label": labelled, "a policy that is being deleted": ending} {
		warnings, err := (&policies{}).answer().ValidateUpdate(t.Context(), policy("p", broken), after)
		if err != nil || warnings != nil {
			t.Errorf("%s: %v, %v", name, warnings, err)
		}
	}
}

func TestCompare(t *testing.T) {
	stalled := func(message string) compile.Verdict {
		return compile.Verdict{Reason: v1alpha1.ReasonConflict, Message: message}
	}
	for _, row := range []struct {
		name          string
		before, after map[string]compile.Verdict
		want          []string
	}{
		{"all is well", map[string]compile.Verdict{"a": {}}, map[string]compile.Verdict{"a": {}, "p": {}}, nil},
		{"a sink is missing", nil, map[string]compile.Verdict{"p": {MissingSinks: []string{"s"}}}, []string{
			"routes: there is no AuditSink s yet: until there is, its events go to the node's own file",
		}},
		{"the policy gives way", nil, map[string]compile.Verdict{"p": stalled("why")}, []string{"this policy will be Stalled: why"}},
		{"another gives way", map[string]compile.Verdict{"a": {}}, map[string]compile.Verdict{"a": stalled("why"), "p": {}}, []string{
			"policy a will be Stalled by this one: why",
		}},
		{
			"another was stalled before",
			map[string]compile.Verdict{"a": stalled("why")},
			map[string]compile.Verdict{"a": stalled("why"), "p": {}},
			nil,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, compare("p", row.before, row.after)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyWarningsAreCut(t *testing.T) {
	all := strings.Split(strings.Repeat("w ", 12)+"w", " ")
	got := limit(all)
	if len(got) != maxWarnings+1 || got[maxWarnings] != "and 3 more: see the status" {
		t.Errorf("got %q", got)
	}
	if len(limit(all[:maxWarnings])) != maxWarnings {
		t.Error("ten are cut")
	}
}

// One answer among 20 policies of 50 rules and 5,000 nodes. The others are compiled already, as they are but for the first time.
func BenchmarkAnswer(b *testing.B) {
	var rules strings.Builder
	for i := range 50 {
		fmt.Fprintf(&rules, "-w /etc/file%d -p wa -k identity\n", i)
	}
	var others []*compile.Policy
	for i := range 20 {
		p := policy(fmt.Sprintf("p%d", i), rules.String())
		p.Spec.NodeSelector.MatchLabels = map[string]string{"pool": fmt.Sprint(i)}
		others = append(others, compile.ForPolicy(p))
	}
	nodes := make([]metav1.PartialObjectMetadata, 5000)
	for i := range nodes {
		nodes[i].Labels = map[string]string{"kubernetes.io/os": "linux", "pool": fmt.Sprint(i % 20)}
	}
	for b.Loop() {
		before := verdicts(others, nil, nodes)
		compare("p", before, verdicts(append(others, compile.ForPolicy(policy("p", rules.String()))), nil, nodes))
	}
}
