package envtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestNodesWithTheSameRulesShareOneRuleSet(t *testing.T) {
	clean(t)
	n1 := node("n1")
	create(t, n1, node("n2"), node("win", corev1.LabelOSStable+"=windows"), policy("p", passwd))
	start(t)
	eventually(t, has("p", passwd, "n1", "n2"))
	sets, err := configMaps(nodeconfig.KindRules)
	if err != nil || len(sets) != 1 {
		t.Errorf("got rule sets %v, %v; want one", sets, err)
	}
	nodes, err := configMaps(nodeconfig.KindNode)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"nodeaudit-node-n1", "nodeaudit-node-n2"}, nodes); diff != "" {
		t.Errorf("ConfigMaps of nodes (-want +got):\n%s", diff)
	}
	m := configMap("nodeaudit-node-n1")
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(m), m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "n1", UID: n1.UID}}, m.OwnerReferences); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

func TestAPolicyThatDoesNotCompileChangesNoNode(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, node("n1"), p)
	start(t)
	eventually(t, has("p", passwd, "n1"))
	before := configMap("nodeaudit-node-n1")
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(before), before); err != nil {
		t.Fatal(err)
	}

	edit(t, p, func(p *v1alpha1.AuditPolicy) { p.Spec.Rules, p.Spec.Kernel.BacklogLimit = broken, new(int64(9999)) })
	eventually(t, says(p, "Stalled=True/InvalidRules", "Compiled=False/InvalidRules", "Ready=False/InvalidRules", "!Reconciling"))
	for _, c := range p.Status.Conditions {
		if c.Type == v1alpha1.ConditionStalled && (!strings.Contains(c.Message, "line 2") || !strings.Contains(c.Message, "nosuchfield")) {
			t.Errorf("Stalled does not say line and reason: %s", c.Message)
		}
	}
	settle()
	after := configMap("nodeaudit-node-n1")
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(after), after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the node's ConfigMap changed (-before +after):\n%s", diff)
	}

	// Another policy still reaches the node, beside what it keeps, and a new node gets what the others have.
	create(t, node("n2"), policy("q", shadow))
	eventually(t, has("q", shadow, "n1", "n2"))
	eventually(t, has("p", passwd, "n1", "n2"))

	edit(t, p, func(p *v1alpha1.AuditPolicy) { p.Spec.Rules = shadow })
	eventually(t, has("p", shadow, "n1", "n2"))
	eventually(t, says(p, "Compiled=True/Compiled", "!Stalled"))
}

func TestTheControllerPutsBackWhatWasEditedByHand(t *testing.T) {
	clean(t)
	create(t, node("n1"), policy("p", passwd))
	start(t)
	eventually(t, has("p", passwd, "n1"))
	follow(t, "n1")
	m := configMap("nodeaudit-node-n1")
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(m), m); err != nil {
		t.Fatal(err)
	}
	good := m.DeepCopy()
	set := func(m *corev1.ConfigMap) string { return nodeconfig.RulesPrefix + rules(t, m) }(m)
	tests := []struct {
		name   string
		damage func() error
	}{
		{"a changed document", func() error { m.Data[nodeconfig.ConfigKey] += " "; return admin.Update(t.Context(), m) }},
		{"a removed digest", func() error { delete(m.Data, nodeconfig.DigestKey); return admin.Update(t.Context(), m) }},
		{"an added key", func() error { m.Data["extra"] = "x"; return admin.Update(t.Context(), m) }},
		{"a removed label", func() error { m.Labels = nil; return admin.Update(t.Context(), m) }},
		{"a removed owner", func() error { m.OwnerReferences = nil; return admin.Update(t.Context(), m) }},
		{"an immutable ConfigMap", func() error { m.Immutable = new(true); return admin.Update(t.Context(), m) }},
		{"a deleted ConfigMap", func() error { return admin.Delete(t.Context(), m) }},
		{"a deleted rule set", func() error { return admin.Delete(t.Context(), configMap(set)) }},
		{"a rule set of the right name with other rules", func() error {
			fake := configMap(set)
			if err := admin.Delete(t.Context(), fake); err != nil {
				return err
			}
			fake = configMap(set)
			fake.Labels, fake.Immutable = map[string]string{nodeconfig.KindLabel: nodeconfig.KindRules}, new(true)
			fake.Data = map[string]string{"p.rules": ""}
			return client.IgnoreAlreadyExists(admin.Create(t.Context(), fake))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := admin.Get(t.Context(), client.ObjectKeyFromObject(good), m); err != nil {
				t.Fatal(err)
			}
			if err := tt.damage(); err != nil {
				t.Fatal(err)
			}
			eventually(t, has("p", passwd, "n1"))
			eventually(t, func() error {
				var now corev1.ConfigMap
				if err := admin.Get(t.Context(), client.ObjectKeyFromObject(good), &now); err != nil {
					return err
				}
				if diff := cmp.Diff(essence(good), essence(&now)); diff != "" {
					return fmt.Errorf("not as before (-want +got):\n%s", diff)
				}
				return nil
			})
		})
	}
}

func essence(m *corev1.ConfigMap) []any {
	return []any{m.Data, m.Labels, m.OwnerReferences, m.Immutable}
}

// rules is the digest of the rule set that a node's ConfigMap points to.
func rules(t *testing.T, m *corev1.ConfigMap) string {
	t.Helper()
	config, _, err := nodeconfig.Decode(m.Data)
	if err != nil {
		t.Fatal(err)
	}
	return config.RuleSet
}

func TestARuleSetIsCollectedWhenTheReportsHaveMovedOn(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, node("n1"), p)
	start(t)
	eventually(t, has("p", passwd, "n1"))
	follow(t, "n1")
	old, err := configMaps(nodeconfig.KindRules)
	if err != nil || len(old) != 1 {
		t.Fatalf("got rule sets %v, %v", old, err)
	}
	edit(t, p, func(p *v1alpha1.AuditPolicy) { p.Spec.Rules = shadow })
	eventually(t, has("p", shadow, "n1"))
	settle()
	if sets, err := configMaps(nodeconfig.KindRules); err != nil || len(sets) != 2 {
		t.Errorf("the agent has not moved on: got rule sets %v, %v; want two", sets, err)
	}
	follow(t, "n1")
	eventually(t, func() error {
		sets, err := configMaps(nodeconfig.KindRules)
		if err != nil || len(sets) != 1 || sets[0] == old[0] {
			return fmt.Errorf("got rule sets %v, %v; want only the new one", sets, fmt.Sprint(err))
		}
		return nil
	})
}

func TestANodeThatNoPolicySelectsIsReleased(t *testing.T) {
	clean(t)
	n := node("n1", "audit=yes")
	create(t, n, node("n2"), policy("p", passwd, func(s *v1alpha1.AuditPolicySpec) {
		s.NodeSelector.MatchLabels = map[string]string{"audit": "yes"}
	}))
	start(t)
	eventually(t, has("p", passwd, "n1"))
	follow(t, "n1")
	edit(t, n, func(n *corev1.Node) { delete(n.Labels, "audit") })
	eventually(t, has("p", "", "n1"))
	settle()
	if _, _, err := configOf("n1"); err != nil {
		t.Errorf("the empty configuration must stay until the agent has followed: %v", err)
	}
	follow(t, "n1")
	eventually(t, gone("nodeaudit-node-n1"))
	eventually(t, func() error {
		if sets, err := configMaps(nodeconfig.KindRules); err != nil || len(sets) > 0 {
			return fmt.Errorf("rule sets %v are left, %v", sets, fmt.Sprint(err))
		}
		return nil
	})
	if _, _, err := configOf("n2"); !apierrors.IsNotFound(err) {
		t.Errorf("a node that was never selected has a ConfigMap, %v", err)
	}
}

func TestTheConfigMapGoesWithItsNode(t *testing.T) {
	clean(t)
	n := node("n1")
	create(t, n, policy("p", passwd))
	start(t)
	eventually(t, has("p", passwd, "n1"))
	if err := admin.Delete(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	eventually(t, gone("nodeaudit-node-n1"))
}

func gone(name string) func() error {
	return func() error {
		m := configMap(name)
		if err := admin.Get(context.Background(), client.ObjectKeyFromObject(m), m); !apierrors.IsNotFound(err) {
			return fmt.Errorf("ConfigMap %s is still there, %v", name, fmt.Sprint(err))
		}
		return nil
	}
}

func TestARolloutLetsNodesGoOneByOne(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, node("n1"), node("n2"), node("n3"), p)
	start(t)
	eventually(t, has("p", passwd, "n1", "n2", "n3"))
	follow(t, "n1", "n2", "n3")
	eventually(t, says(p, "Ready=True/InSync"))

	edit(t, p, func(p *v1alpha1.AuditPolicy) {
		p.Spec.Rules = shadow
		p.Spec.Rollout = v1alpha1.Rollout{MaxUnavailable: new(intstr.FromInt32(1)), Soak: metav1.Duration{Duration: 3 * time.Second}}
	})
	eventually(t, has("p", shadow, "n1"))
	eventually(t, says(p, "Ready=False/Progressing", "Reconciling=True/Progressing"))
	settle()
	if err := has("p", passwd, "n2", "n3")(); err != nil {
		t.Error(err)
	}
	reported := time.Now()
	follow(t, "n1")
	eventually(t, has("p", shadow, "n2"))
	// Times in the API are whole seconds.
	if soaked := time.Since(reported); soaked < 2*time.Second {
		t.Errorf("n2 went %v after n1, before the soak time of 3 s", soaked)
	}
	if err := has("p", passwd, "n3")(); err != nil {
		t.Error(err)
	}

	edit(t, p, func(p *v1alpha1.AuditPolicy) { p.Spec.Rollout = v1alpha1.Rollout{Paused: true} })
	follow(t, "n2")
	eventually(t, says(p, "Ready=False/Paused", "Reconciling=True/Paused"))
	settle()
	if err := has("p", passwd, "n3")(); err != nil {
		t.Error(err)
	}
	edit(t, p, func(p *v1alpha1.AuditPolicy) { p.Spec.Rollout.Paused = false })
	eventually(t, has("p", shadow, "n1", "n2", "n3"))
	// The generation has changed since, so every agent has to speak once more.
	eventually(t, func() error {
		follow(t, "n1", "n2", "n3")
		return says(p, "Ready=True/InSync", "!Reconciling")()
	})
}
