package compile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func policy(name, rules string, change ...func(*v1alpha1.AuditPolicy)) v1alpha1.AuditPolicy {
	p := v1alpha1.AuditPolicy{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1}, Spec: v1alpha1.AuditPolicySpec{Rules: rules}}
	for _, c := range change {
		c(&p)
	}
	return p
}

func generation(n int64) func(*v1alpha1.AuditPolicy) {
	return func(p *v1alpha1.AuditPolicy) { p.Generation = n }
}

const broken = "this is no rule"

var linuxNode = Node{Name: "n1", OS: "linux"}

func TestSelection(t *testing.T) {
	role := metav1.LabelSelector{MatchLabels: map[string]string{"role": "worker"}}
	notRole := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "role", Operator: metav1.LabelSelectorOpDoesNotExist}}}
	worker := map[string]string{"role": "worker"}
	tests := []struct {
		name     string
		selector metav1.LabelSelector
		node     Node
		want     bool
	}{
		{"an empty selector selects a Linux node", metav1.LabelSelector{}, Node{OS: "linux"}, true},
		{"an empty selector does not select a Windows node", metav1.LabelSelector{}, Node{OS: "windows"}, false},
		{"an empty selector does not select a node that does not say what it runs", metav1.LabelSelector{}, Node{}, false},
		{"a label selects", role, Node{OS: "linux", Labels: worker}, true},
		{"a label that is not there does not select", role, Node{OS: "linux"}, false},
		{"a label selects a node that does not say what it runs", role, Node{Labels: worker}, true},
		{"a label does not select a Windows node", role, Node{OS: "windows", Labels: worker}, false},
		{"an expression selects", notRole, Node{OS: "linux"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy("p", "", func(p *v1alpha1.AuditPolicy) { p.Spec.NodeSelector = tt.selector })
			config, _, _ := ForNode(tt.node, []v1alpha1.AuditPolicy{p}, nil, nil)
			if got := len(config.Policies) == 1; got != tt.want {
				t.Errorf("selected: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNoPolicyGivesAnEmptyConfiguration(t *testing.T) {
	config, rules, verdicts := ForNode(linuxNode, nil, nil, nil)
	if diff := cmp.Diff(nodeconfig.Config{Node: "n1"}, config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(rules)+len(verdicts) > 0 {
		t.Errorf("got rules %v, verdicts %v", rules, verdicts)
	}
}

func TestOnlyAFewErrorsAreTold(t *testing.T) {
	_, _, verdicts := ForNode(linuxNode, []v1alpha1.AuditPolicy{policy("p", strings.Repeat(broken+"\n", 8))}, nil, nil)
	if got := verdicts[0].Message; strings.Count(got, "line ") != maxErrors || !strings.HasSuffix(got, "; and 3 more") {
		t.Errorf("got %q", got)
	}
}

// many makes rules of at least size bytes that differ by mark.
func many(mark string, size int) string {
	var text strings.Builder
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, "-w /%s/%d -p wa\n", mark, i)
	}
	return text.String()
}

func TestContentThatDoesNotFit(t *testing.T) {
	big := many("a", maxSize*2/3)
	tests := []struct {
		name     string
		before   []v1alpha1.AuditPolicy
		policies []v1alpha1.AuditPolicy
		stalled  string
		rules    nodeconfig.RuleSet
	}{
		{
			name:     "the policy with which it no longer fits is stalled",
			policies: []v1alpha1.AuditPolicy{policy("a", big), policy("b", big), policy("c", "-w /c -p wa")},
			stalled:  "b",
			rules:    nodeconfig.RuleSet{"a": big, "c": "-w /c -p wa\n"},
		},
		{
			name:     "a policy that is too large by itself is stalled",
			policies: []v1alpha1.AuditPolicy{policy("a", many("a", maxSize+1)), policy("b", "-w /b -p wa")},
			stalled:  "a",
			rules:    nodeconfig.RuleSet{"b": "-w /b -p wa\n"},
		},
		{
			name:     "where what is held and what is new do not fit together, the node keeps all that it has",
			before:   []v1alpha1.AuditPolicy{policy("a", "-w /a -p wa"), policy("b", big)},
			policies: []v1alpha1.AuditPolicy{policy("a", big, generation(2)), policy("b", big)},
			stalled:  "b",
			rules:    nodeconfig.RuleSet{"a": "-w /a -p wa\n", "b": big},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var previous *Content
			if tt.before != nil {
				config, rules, _ := ForNode(linuxNode, tt.before, nil, nil)
				previous = &Content{config, rules}
			}
			_, rules, verdicts := ForNode(linuxNode, tt.policies, nil, previous)
			for _, v := range verdicts {
				if v.Stalled() != (v.Policy == tt.stalled) || (v.Stalled() && v.Reason != v1alpha1.ReasonConflict) {
					t.Errorf("policy %s: %q %s", v.Policy, v.Reason, v.Message)
				}
			}
			if rules.Digest() != tt.rules.Digest() {
				t.Errorf("got other rules than expected")
			}
		})
	}
}

func TestRoutesThatDoNotFitStallTheirPolicy(t *testing.T) {
	p := policy("p", "", func(p *v1alpha1.AuditPolicy) {
		for i := range 64 {
			r := v1alpha1.Route{Name: fmt.Sprint("r", i), Sinks: []string{"s"}}
			for j := range 256 {
				r.Match.Keys = append(r.Match.Keys, fmt.Sprintf("%0250d", j))
			}
			p.Spec.Routes = append(p.Spec.Routes, r)
		}
	})
	_, _, verdicts := ForNode(linuxNode, []v1alpha1.AuditPolicy{p}, nil, nil)
	if verdicts[0].Reason != v1alpha1.ReasonConflict {
		t.Errorf("got %+v", verdicts[0])
	}
}

func TestANewNodeGetsWhatOthersHaveOfAStalledPolicy(t *testing.T) {
	content := func(n int64, rules string) Content {
		config, set, _ := ForNode(linuxNode, []v1alpha1.AuditPolicy{policy("p", rules, generation(n))}, nil, nil)
		return Content{config, set}
	}
	p := policy("p", broken, generation(5))
	fleet := NewFleet([]*Policy{ForPolicy(&p)}, nil)
	selection := fleet.Select(linuxNode)
	fleet.Resolve([]Selection{selection})
	for _, have := range []Content{content(2, "-w /2 -p wa"), content(4, "-w /4 -p wa"), content(3, "-w /3 -p wa"), {}} {
		fleet.KeepAlso(have)
	}
	got := fleet.Content(selection, nil)
	if diff := cmp.Diff(nodeconfig.RuleSet{"p": "-w /4 -p wa\n"}, got.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if other := fleet.Content(fleet.Select(Node{OS: "windows"}), nil); len(other.Rules) > 0 {
		t.Errorf("a node that is not selected got %v", other.Rules)
	}
}

func TestKeysAreEqualWhereContentIs(t *testing.T) {
	good, bad := policy("good", "-w /g -p wa"), policy("bad", broken, generation(2))
	fleet := NewFleet([]*Policy{ForPolicy(&good), ForPolicy(&bad)}, nil)
	selection := fleet.Select(linuxNode)
	fleet.Resolve([]Selection{selection})
	have := func(node, rules string) *Content {
		config, set, _ := ForNode(Node{Name: node, OS: "linux"}, []v1alpha1.AuditPolicy{policy("bad", rules)}, nil, nil)
		return &Content{config, set}
	}
	a, b, other := have("n1", "-w /a -p wa"), have("n2", "-w /a -p wa"), have("n3", "-w /b -p wa")
	if fleet.Key(selection, a) != fleet.Key(selection, b) {
		t.Errorf("nodes that have the same do not share what they get")
	}
	if fleet.Key(selection, a) == fleet.Key(selection, other) || fleet.Key(selection, a) == fleet.Key(selection, nil) {
		t.Errorf("nodes that have something else share what they get")
	}
}

func TestConflictsStallOnEveryNode(t *testing.T) {
	backlog := func(label string, n int64) func(*v1alpha1.AuditPolicy) {
		return func(p *v1alpha1.AuditPolicy) {
			p.Spec.NodeSelector.MatchLabels = map[string]string{label: "yes"}
			p.Spec.Kernel.BacklogLimit = &n
		}
	}
	a, b := policy("a", "", backlog("a", 1)), policy("b", "", backlog("b", 2))
	fleet := NewFleet([]*Policy{ForPolicy(&a), ForPolicy(&b)}, nil)
	both := fleet.Select(Node{OS: "linux", Labels: map[string]string{"a": "yes", "b": "yes"}})
	onlyB := fleet.Select(Node{OS: "linux", Labels: map[string]string{"b": "yes"}})

	fleet.Resolve([]Selection{onlyB})
	if got := fleet.Content(onlyB, nil).Config.Kernel.BacklogLimit; got == nil || *got != 2 {
		t.Errorf("policies that share no node disagree with nobody: got %v", got)
	}
	fleet.Resolve([]Selection{onlyB, both})
	if got := fleet.Content(onlyB, nil).Config.Policies; got != nil {
		t.Errorf("policy b is in conflict on another node: got %v", got)
	}
}

func BenchmarkForPolicy(b *testing.B) {
	p := policy("p", many("a", 20_000))
	for b.Loop() {
		ForPolicy(&p)
	}
}

func TestWarningsAreOneForEachCheckTheMostImportantFirst(t *testing.T) {
	rules := strings.Repeat("-a always,exit -F arch=b64 -S bind -F uid=1 -k a\n", 30) + "-w /x -p wa -k x # remark\n-a task,never\n-w /y -p wa\n"
	limit := int64(1)
	_, _, verdicts := ForNode(linuxNode, []v1alpha1.AuditPolicy{policy("p", "-b 2\n"+rules, func(p *v1alpha1.AuditPolicy) { p.Spec.Kernel.BacklogLimit = &limit })}, nil, nil)
	want := []string{
		"line 33, column 1: no process that starts from now on is audited, whatever the other rules say: remove it (silences-all)",
		"line 2, column 1: 32-bit programs escape it: write it once more with arch=b32 (missing-b32)",
		"line 3, column 1: the same rule as in line 2: remove one, the kernel takes it once; also lines 4, 5, 6, 7, 8 and 23 more (duplicate)",
		"line 32, column 18: auditctl refuses a comment behind a rule; here it is left out",
		"-b says 2 and kernel.backlogLimit 1: kernel.backlogLimit wins",
	}
	if diff := cmp.Diff(want, verdicts[0].Warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
