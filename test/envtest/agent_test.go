package envtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/publish"
)

// asAgent is the access of an agent, with the rights of its account.
func asAgent(t *testing.T) (*kubernetes.Clientset, dynamic.Interface) {
	t.Helper()
	config := rest.CopyConfig(cluster)
	config.Impersonate.UserName = "system:serviceaccount:nodeaudit-system:nodeaudit-agent"
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return core, objects
}

// receive runs an agent's watch of its configuration until the test ends.
func receive(t *testing.T, node, stateDir string) <-chan desired.Update {
	t.Helper()
	core, _ := asAgent(t)
	updates := make(chan desired.Update, 100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		_ = desired.NewConfigMap(core, namespace, node, stateDir, log).Run(ctx, func(u desired.Update) { updates <- u })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return updates
}

// next waits for an update that the check is content with.
func next(t *testing.T, updates <-chan desired.Update, check func(desired.Update) bool) desired.Update {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case u := <-updates:
			if check(u) {
				return u
			}
		case <-timeout:
			t.Fatal("no such update within 20 s")
		}
	}
}

func with(rules string) func(desired.Update) bool {
	return func(u desired.Update) bool { return u.State != nil && u.State.Rules["p"] == rules }
}

func TestAnAgentFollowsTheController(t *testing.T) {
	clean(t)
	updates := receive(t, "n1", t.TempDir())
	p := policy("p", passwd)
	create(t, node("n1"), p)
	start(t)
	next(t, updates, with(passwd))
	edit(t, p, func(p *v1alpha1.AuditPolicy) { p.Spec.Rules = shadow })
	next(t, updates, with(shadow))
	if err := admin.Delete(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	next(t, updates, func(u desired.Update) bool { return u.State != nil && u.State.Released() })
}

func TestAnAgentKeepsItsLastGoodConfiguration(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	updates := receive(t, "n1", dir)
	create(t, node("n1"), policy("p", passwd))
	stop := start(t)
	good := next(t, updates, with(passwd))
	stop()

	m := configMap(nodeconfig.NodePrefix + "n1")
	edit(t, m, func(m *corev1.ConfigMap) {
		m.Data[nodeconfig.ConfigKey] = strings.Replace(m.Data[nodeconfig.ConfigKey], "Enforce", "Observe", 1)
	})
	bad := next(t, updates, func(u desired.Update) bool { return u.Err != nil })
	if !errors.Is(bad.Err, nodeconfig.ErrDigest) || !strings.Contains(bad.Err.Error(), "nodeaudit-node-n1") {
		t.Errorf("the error is %v", bad.Err)
	}
	if err := admin.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	settle()
	if len(updates) > 0 {
		t.Errorf("the deletion of the ConfigMap made an update: %+v", <-updates)
	}
	again := next(t, receive(t, "n1", dir), func(desired.Update) bool { return true })
	if again.State == nil || again.State.Digest != good.State.Digest {
		t.Errorf("after a restart the agent has %+v", again)
	}
	start(t)
	next(t, updates, with(passwd))
}

func TestARuleSetThatComesLaterIsWaitedFor(t *testing.T) {
	clean(t)
	updates := receive(t, "n9", t.TempDir())
	set := nodeconfig.RuleSet{"p": passwd}
	data, err := nodeconfig.Encode(nodeconfig.Config{Node: "n9", RuleSet: set.Digest(), Policies: []nodeconfig.Policy{{Name: "p", Mode: v1alpha1.ModeEnforce}}})
	if err != nil {
		t.Fatal(err)
	}
	m := configMap(nodeconfig.NodePrefix + "n9")
	m.Labels, m.Data = map[string]string{nodeconfig.KindLabel: nodeconfig.KindNode}, data
	create(t, m)
	missing := next(t, updates, func(u desired.Update) bool { return u.Err != nil })
	if !strings.Contains(missing.Err.Error(), nodeconfig.RulesPrefix+set.Digest()) {
		t.Errorf("the error is %v", missing.Err)
	}
	rules := configMap(nodeconfig.RulesPrefix + set.Digest())
	rules.Labels, rules.Data = map[string]string{nodeconfig.KindLabel: nodeconfig.KindRules}, set.Data()
	create(t, rules)
	next(t, updates, with(passwd))
}

func TestAnAgentReports(t *testing.T) {
	clean(t)
	n := node("n1")
	create(t, n)
	core, objects := asAgent(t)
	status := publish.NewStatus(objects, core, "n1", 3*time.Second, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- status.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	says := func(check func(*v1alpha1.NodeAuditStatus) error) {
		t.Helper()
		eventually(t, func() error {
			var s v1alpha1.NodeAuditStatus
			if err := admin.Get(t.Context(), client.ObjectKey{Name: "n1"}, &s); err != nil {
				return err
			}
			return check(&s)
		})
	}
	report := v1alpha1.NodeAuditReport{
		HeartbeatTime: metav1.NewTime(time.Now().UTC().Truncate(time.Second)), State: v1alpha1.NodeRulesDiffer, Reason: v1alpha1.ReasonRuleMissing,
		Message: "a message", Rules: v1alpha1.RulesReport{Problems: []v1alpha1.RuleProblem{{Rule: "-w /x", Policy: "p", Reason: "Missing", Message: "not loaded"}}},
		Kernel: &v1alpha1.KernelReport{Enabled: v1alpha1.AuditOn, FailureMode: v1alpha1.FailureModePrintk},
	}
	status.Offer(report)
	says(func(s *v1alpha1.NodeAuditStatus) error {
		if s.Status.State != v1alpha1.NodeRulesDiffer || len(s.OwnerReferences) != 1 || s.OwnerReferences[0].UID != n.UID {
			return fmt.Errorf("status %+v of %+v", s.Status, s.OwnerReferences)
		}
		return nil
	})
	report.State, report.Reason, report.Message, report.Rules.Problems = v1alpha1.NodeInSync, v1alpha1.ReasonInSync, "", nil
	status.Offer(report)
	says(func(s *v1alpha1.NodeAuditStatus) error {
		if s.Status.State != v1alpha1.NodeInSync || s.Status.Message != "" || len(s.Status.Rules.Problems) != 0 {
			return fmt.Errorf("what a report no longer says is still there: %+v", s.Status)
		}
		return nil
	})
	report.HeartbeatTime = metav1.NewTime(report.HeartbeatTime.Add(time.Minute))
	report.Events.Received = 17
	status.Offer(report)
	says(func(s *v1alpha1.NodeAuditStatus) error {
		if !s.Status.HeartbeatTime.Equal(&report.HeartbeatTime) || s.Status.Events.Received != 17 {
			return fmt.Errorf("the heartbeat has not come: %+v", s.Status)
		}
		return nil
	})
}

func TestAPersonAcknowledgesAReboot(t *testing.T) {
	clean(t)
	create(t, node("n1"))
	core, objects := asAgent(t)
	status := publish.NewStatus(objects, core, "n1", time.Second, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- status.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	status.Offer(v1alpha1.NodeAuditReport{HeartbeatTime: metav1.NewTime(time.Now().UTC().Truncate(time.Second)), State: v1alpha1.NodeInSync})
	object := &v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	eventually(t, func() error { return admin.Get(t.Context(), client.ObjectKeyFromObject(object), object) })
	if got := status.Acknowledged(); got != "" {
		t.Errorf("nobody has acknowledged anything, and the agent sees %q", got)
	}
	edit(t, object, func(o *v1alpha1.NodeAuditStatus) {
		o.Annotations = map[string]string{v1alpha1.AnnotationAcknowledged: "two"}
	})
	eventually(t, func() error { // with a later heartbeat, which leaves the annotation alone
		if got := status.Acknowledged(); got != "two" {
			return fmt.Errorf("the agent sees %q", got)
		}
		return nil
	})
}

func TestAReleasedNodeDoesNotBringItsDeletedReportBackAtOnce(t *testing.T) {
	clean(t)
	create(t, node("n1"))
	core, objects := asAgent(t)
	const heartbeat = 4 * time.Second
	status := publish.NewStatus(objects, core, "n1", heartbeat, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- status.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	is := func() error {
		return admin.Get(t.Context(), client.ObjectKey{Name: "n1"}, &v1alpha1.NodeAuditStatus{})
	}
	report := v1alpha1.NodeAuditReport{
		HeartbeatTime: metav1.NewTime(time.Now().UTC().Truncate(time.Second)), State: v1alpha1.NodeInSync, Reason: v1alpha1.ReasonReleased,
	}
	status.Offer(report)
	eventually(t, is)
	if err := admin.Delete(t.Context(), &v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}); err != nil {
		t.Fatal(err)
	}
	report.Drift.Count++ // which is written at once
	status.Offer(report)
	settle()
	if err := is(); err == nil {
		t.Fatal("the report is back at once")
	}
	eventually(t, is) // with the next heartbeat
	report.Reason = v1alpha1.ReasonInSync
	if err := admin.Delete(t.Context(), &v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}); err != nil {
		t.Fatal(err)
	}
	status.Offer(report)
	eventually(t, is)
}
