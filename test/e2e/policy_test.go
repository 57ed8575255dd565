//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestAPolicyBecomesReadyOnEveryNode(t *testing.T) {
	p := create(t, "ready", "-w /etc/nodeaudit-e2e-ready -p wa -k ready\n-a always,exit -F arch=b64 -S sethostname -k ready\n")
	ready(t, p)
	if p.Status.Nodes.Selected != 3 || p.Status.Nodes.InSync != 3 {
		t.Errorf("counts are %+v, want 3 selected and 3 in sync", p.Status.Nodes)
	}
	for _, node := range nodes {
		if r := report(t, node); r.State != v1alpha1.NodeInSync || r.Rules.Loaded != 2 || r.Kernel.Enabled != v1alpha1.AuditOn {
			t.Errorf("node %s reports state %s, %d rules loaded, kernel %+v", node, r.State, r.Rules.Loaded, r.Kernel)
		}
	}
	if got := listed(t, "ready"); len(got) != 2 {
		t.Errorf("the kernel lists %q, want both rules", got)
	}
}

func TestAPolicyThatIsDeletedLeavesTheKernel(t *testing.T) {
	p := create(t, "deleted", "-w /etc/nodeaudit-e2e-deleted -p wa -k deleted\n")
	ready(t, p)
	if err := admin.Delete(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() error { return absent("deleted") })
}

func TestAPolicyThatDoesNotCompileStallsAndChangesNoNode(t *testing.T) {
	p := create(t, "stalled", "-w /etc/nodeaudit-e2e-stalled -p wa -k stalled\n")
	ready(t, p)
	before := configDigests(t)

	update(t, p, func() {
		p.Spec.Rules = "-w /etc/nodeaudit-e2e-other -p wa -k stalled\n-a always,exit -S no_such_call -k stalled\n"
	})
	eventually(t, 30*time.Second, func() error {
		stalled, err := condition(t.Context(), p, v1alpha1.ConditionStalled)
		if err != nil {
			return err
		}
		if stalled == nil || stalled.Status != metav1.ConditionTrue || stalled.ObservedGeneration != p.Generation {
			return fmt.Errorf("Stalled is %+v", stalled)
		}
		if !strings.Contains(stalled.Message, "line 2") || !strings.Contains(stalled.Message, "no_such_call") {
			t.Fatalf("the message names neither line nor word: %s", stalled.Message)
		}
		return nil
	})
	throughout(t, 3*time.Second, func() error {
		if got := configDigests(t); got != before {
			return fmt.Errorf("a node's configuration changed: %s, was %s", got, before)
		}
		return nil
	})
	if got := listed(t, "stalled"); len(got) != 1 || !strings.Contains(got[0], "nodeaudit-e2e-stalled") {
		t.Errorf("the kernel lists %q, want the rule of the last policy that compiled", got)
	}
}

func TestAPolicyInModeObserveChangesNothing(t *testing.T) {
	p := policy("observed", "-w /etc/nodeaudit-e2e-observed -p wa -k observed\n")
	p.Spec.Mode = v1alpha1.ModeObserve
	apply(t, p)
	eventually(t, time.Minute, func() error {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(p), p); err != nil {
			return err
		}
		if p.Status.Nodes.OutOfSync != 3 {
			return fmt.Errorf("counts are %+v, want three nodes that differ", p.Status.Nodes)
		}
		return nil
	})
	if err := absent("observed"); err != nil {
		t.Error(err)
	}
}

// policy returns a policy for all nodes whose events go to the sink of the samples.
func policy(name, rules string) *v1alpha1.AuditPolicy {
	return &v1alpha1.AuditPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-" + name},
		Spec: v1alpha1.AuditPolicySpec{
			Rules:  rules,
			Routes: []v1alpha1.Route{{Name: "all", Sinks: []string{"node-file"}}},
		},
	}
}

func create(t *testing.T, name, rules string) *v1alpha1.AuditPolicy {
	t.Helper()
	p := policy(name, rules)
	apply(t, p)
	return p
}

// apply creates the policy, and deletes it at the end of the test and waits until the nodes know.
func apply(t *testing.T, p *v1alpha1.AuditPolicy) {
	t.Helper()
	if err := admin.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(admin.Delete(context.Background(), p)); err != nil {
			t.Error(err)
		}
		eventually(t, time.Minute, func() error { return absent(strings.TrimPrefix(p.Name, "e2e-")) })
	})
}

func update(t *testing.T, p *v1alpha1.AuditPolicy, change func()) {
	t.Helper()
	eventually(t, 10*time.Second, func() error {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(p), p); err != nil {
			return err
		}
		change()
		return admin.Update(t.Context(), p)
	})
}

// ready waits until the policy is Ready on its present generation.
func ready(t *testing.T, p *v1alpha1.AuditPolicy) {
	t.Helper()
	readyWithin(t, p, time.Minute)
}

func readyWithin(t *testing.T, p *v1alpha1.AuditPolicy, d time.Duration) {
	t.Helper()
	eventually(t, d, func() error {
		c, err := condition(t.Context(), p, v1alpha1.ConditionReady)
		if err != nil {
			return err
		}
		if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != p.Generation {
			return fmt.Errorf("Ready is %+v of generation %d, nodes %+v, problems %+v", c, p.Generation, p.Status.Nodes, p.Status.Problems)
		}
		return nil
	})
}

func condition(ctx context.Context, p *v1alpha1.AuditPolicy, kind string) (*metav1.Condition, error) {
	if err := admin.Get(ctx, client.ObjectKeyFromObject(p), p); err != nil {
		return nil, err
	}
	return meta.FindStatusCondition(p.Status.Conditions, kind), nil
}

// report returns what the agent on a node says.
func report(t *testing.T, node string) v1alpha1.NodeAuditReport {
	t.Helper()
	var status v1alpha1.NodeAuditStatus
	if err := admin.Get(t.Context(), client.ObjectKey{Name: node}, &status); err != nil {
		t.Fatal(err)
	}
	return status.Status
}
