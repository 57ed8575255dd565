package envtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// staleAfter is long, so that reports stay good in tests that do not renew them.
const staleAfter = time.Hour

const (
	passwd = "-w /etc/passwd -p wa -k identity\n"
	shadow = "-w /etc/shadow -p wa -k identity\n"
	broken = "-w /etc/passwd -p wa -k identity\n-a always,exit -F nosuchfield=1\n"
)

// clean empties the world after the test. It is to be called before start, so that it comes after the controller has ended.
func clean(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		ctx := context.Background()
		for _, object := range []client.Object{&v1alpha1.AuditPolicy{}, &v1alpha1.AuditSink{}, &v1alpha1.NodeAuditStatus{}, &corev1.Node{}} {
			if err := admin.DeleteAllOf(ctx, object); err != nil {
				t.Error(err)
			}
		}
		if err := admin.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace(namespace), client.HasLabels{nodeconfig.KindLabel}); err != nil {
			t.Error(err)
		}
	})
}

// eventually waits until the check has nothing to say. The API server and the controller are other programs, so this cannot be synctest.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settle gives the controller time to do what it should not do.
func settle() { time.Sleep(1500 * time.Millisecond) }

func create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}

// edit changes the object as it is now, again where the controller has written its status in between.
func edit[T client.Object](t *testing.T, object T, change func(T)) {
	t.Helper()
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change(object)
		return admin.Update(t.Context(), object)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func node(name string, labels ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelOSStable: "linux"}}}
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		n.Labels[key] = value
	}
	return n
}

func policy(name, rules string, change ...func(*v1alpha1.AuditPolicySpec)) *v1alpha1.AuditPolicy {
	p := &v1alpha1.AuditPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AuditPolicySpec{Rules: rules}}
	for _, c := range change {
		c(&p.Spec)
	}
	return p
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// configOf reads what the node should have, as its agent would.
func configOf(node string) (nodeconfig.Config, string, error) {
	m := configMap(nodeconfig.NodePrefix + node)
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(m), m); err != nil {
		return nodeconfig.Config{}, "", err
	}
	return nodeconfig.Decode(m.Data)
}

// rulesOf reads the rules that the node should have of the policy.
func rulesOf(node, policy string) (string, error) {
	config, _, err := configOf(node)
	if err != nil {
		return "", err
	}
	m := configMap(nodeconfig.RulesPrefix + config.RuleSet)
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(m), m); err != nil {
		return "", err
	}
	set, err := nodeconfig.DecodeRuleSet(m.Data, config.RuleSet)
	return set[policy], err
}

// has says that every node has the rules of the policy. No rules means that the node does not have the policy.
func has(policy, rules string, nodes ...string) func() error {
	return func() error {
		for _, name := range nodes {
			config, _, err := configOf(name)
			if err != nil {
				return err
			}
			got := ""
			if slices.ContainsFunc(config.Policies, func(p nodeconfig.Policy) bool { return p.Name == policy }) {
				if got, err = rulesOf(name, policy); err != nil {
					return err
				}
			}
			if got != rules {
				return fmt.Errorf("node %s has %q of policy %s, want %q", name, got, policy, rules)
			}
		}
		return nil
	}
}

// configMaps names all ConfigMaps of the kind.
func configMaps(kind string) ([]string, error) {
	var list corev1.ConfigMapList
	err := admin.List(context.Background(), &list, client.InNamespace(namespace), client.MatchingLabels{nodeconfig.KindLabel: kind})
	var names []string
	for _, m := range list.Items {
		names = append(names, m.Name)
	}
	return names, err
}

// agent plays the agent of a node: it reports the state on what the node has now.
func agent(name string, state v1alpha1.NodeState, change ...func(*v1alpha1.NodeAuditReport)) error {
	config, digest, err := configOf(name)
	if err != nil {
		return err
	}
	now := metav1.Now()
	report := v1alpha1.NodeAuditReport{HeartbeatTime: now, State: state, Reason: string(state), ConfigDigest: digest}
	report.Kernel = &v1alpha1.KernelReport{Enabled: v1alpha1.AuditOn, FailureMode: v1alpha1.FailureModePrintk}
	if state == v1alpha1.NodeInSync {
		report.InSyncSince = &now
	}
	if len(config.Policies) == 0 {
		report.Reason = v1alpha1.ReasonReleased
	}
	for _, p := range config.Policies {
		report.Policies = append(report.Policies, v1alpha1.NodePolicyReport{Name: p.Name, Generation: p.Generation, State: state, Reason: string(state)})
	}
	for _, s := range config.Sinks {
		report.Sinks = append(report.Sinks, v1alpha1.SinkReport{Name: s.Name})
	}
	for _, c := range change {
		c(&report)
	}
	object := &v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := client.IgnoreNotFound(admin.Get(context.Background(), client.ObjectKeyFromObject(object), object)); err != nil {
		return err
	}
	object.Status = report
	if object.ResourceVersion == "" {
		return admin.Create(context.Background(), object)
	}
	return admin.Update(context.Background(), object)
}

// follow plays agents whose kernels do as they should.
func follow(t *testing.T, nodes ...string) {
	t.Helper()
	for _, name := range nodes {
		if err := agent(name, v1alpha1.NodeInSync); err != nil {
			t.Fatal(err)
		}
	}
}

// says checks a condition, given as Type=Status/Reason, or as !Type for one that is not there.
func says(object client.Object, want ...string) func() error {
	return func() error {
		if err := admin.Get(context.Background(), client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		conditions := conditionsOf(object)
		for _, w := range want {
			if kind, absent := strings.CutPrefix(w, "!"); absent {
				if c := meta.FindStatusCondition(conditions, kind); c != nil {
					return fmt.Errorf("%s is there: %s", kind, c.Message)
				}
				continue
			}
			kind, _, _ := strings.Cut(w, "=")
			c := meta.FindStatusCondition(conditions, kind)
			if c == nil {
				return fmt.Errorf("%s is not there, want %s", kind, w)
			}
			if got := fmt.Sprintf("%s=%s/%s", kind, c.Status, c.Reason); got != w || c.ObservedGeneration != object.GetGeneration() {
				return fmt.Errorf("got %s of generation %d, want %s of %d: %s", got, c.ObservedGeneration, w, object.GetGeneration(), c.Message)
			}
		}
		return nil
	}
}

func conditionsOf(object client.Object) []metav1.Condition {
	switch o := object.(type) {
	case *v1alpha1.AuditPolicy:
		return o.Status.Conditions
	case *v1alpha1.AuditSink:
		return o.Status.Conditions
	case *v1alpha1.AuditRoute:
		return o.Status.Conditions
	case *v1alpha1.NamespacedAuditSink:
		return o.Status.Conditions
	default:
		return nil
	}
}
