package envtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers"
)

func TestReadyIsAProofOfEveryNode(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, p)
	start(t)
	eventually(t, says(p, "Ready=False/NoNodesSelected", "!Reconciling", "!Stalled"))
	create(t, node("n1"), node("n2"))
	eventually(t, has("p", passwd, "n1", "n2"))
	eventually(t, says(p, "Ready=False/NotReporting", "Applied=False/NotReporting", "Compiled=True/Compiled"))
	follow(t, "n1")
	eventually(t, says(p, "Ready=False/NotReporting"))
	follow(t, "n2")
	eventually(t, says(p, "Ready=True/InSync", "Applied=True/InSync", "!Reconciling", "!Stalled"))
	want := v1alpha1.NodeCounts{Selected: 2, InSync: 2, BootNotVerified: 2}
	if p.Status.Nodes != want || p.Status.ObservedGeneration != p.Generation {
		t.Errorf("got %+v of generation %d", p.Status.Nodes, p.Status.ObservedGeneration)
	}
	eventually(t, told(p, "Ready"))

	if err := agent("n2", v1alpha1.NodeRulesDiffer, func(r *v1alpha1.NodeAuditReport) {
		r.Policies[0].Reason, r.Policies[0].Message = v1alpha1.ReasonRuleRefused, "the kernel refused a rule"
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, says(p, "Ready=False/NodesDiffer"))
	if len(p.Status.Problems) != 1 || p.Status.Problems[0].Reason != v1alpha1.ReasonRuleRefused || p.Status.Problems[0].Nodes[0] != "n2" {
		t.Errorf("got problems %+v", p.Status.Problems)
	}
	eventually(t, told(p, v1alpha1.ReasonNodesDiffer))
}

// What agents report of drift and reboots becomes Events on the node's NodeAuditStatus, and an unexpected reboot one of the policy's problems.
func TestDriftAndUnexpectedRebootsAreTold(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, p, node("n1"))
	start(t)
	eventually(t, has("p", passwd, "n1"))
	follow(t, "n1")
	eventually(t, says(p, "Ready=True/InSync"))
	now := metav1.NewTime(time.Now().UTC().Truncate(time.Second))
	err := agent("n1", v1alpha1.NodeInSync, func(r *v1alpha1.NodeAuditReport) {
		r.Drift = v1alpha1.DriftReport{Count: 2, LastTime: &now, LastMessage: "1 rules had been deleted", LastBy: &v1alpha1.Actor{Comm: "auditctl"}}
		r.LastReboot = &v1alpha1.RebootRecord{BootID: "two", BootTime: now, LastSeen: now, Before: v1alpha1.AuditLocked}
		r.Conditions = []v1alpha1.NodeCondition{{
			Type: v1alpha1.ConditionUnexpectedReboot, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonUnexpectedReboot,
			Message: "find out who did it", LastTransitionTime: now,
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	status := &v1alpha1.NodeAuditStatus{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "n1"}, status); err != nil {
		t.Fatal(err)
	}
	eventually(t, told(status, v1alpha1.ReasonDrift))
	eventually(t, told(status, v1alpha1.ReasonUnexpectedReboot))
	eventually(t, func() error {
		err := says(p, "Ready=True/InSync")()
		if err == nil && (len(p.Status.Problems) != 1 || p.Status.Problems[0].Reason != v1alpha1.ReasonUnexpectedReboot) {
			err = fmt.Errorf("problems %+v", p.Status.Problems)
		}
		return err
	})
}

// told says that there is an Event on the object for the reason.
func told(object client.Object, reason string) func() error {
	return func() error {
		var list eventsv1.EventList
		if err := admin.List(context.Background(), &list); err != nil {
			return err
		}
		for _, e := range list.Items {
			if e.Regarding.UID == object.GetUID() && e.Reason == reason {
				return nil
			}
		}
		return fmt.Errorf("none of %d Events is of %s and says %s", len(list.Items), object.GetName(), reason)
	}
}

func TestAReportThatIsNotRenewedBecomesUnknown(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, node("n1"), p)
	start(t, func(o *controllers.Options) { o.StaleAfter = 3 * time.Second })
	eventually(t, has("p", passwd, "n1"))
	follow(t, "n1")
	eventually(t, says(p, "Ready=True/InSync"))
	eventually(t, says(p, "Ready=False/NotReporting"))
	if p.Status.Nodes.Unknown != 1 {
		t.Errorf("got %+v", p.Status.Nodes)
	}
	follow(t, "n1")
	eventually(t, says(p, "Ready=True/InSync"))
}

func TestASinkThatDoesNotExistLosesNoEvents(t *testing.T) {
	clean(t)
	p := policy("p", passwd, func(s *v1alpha1.AuditPolicySpec) {
		s.Routes = []v1alpha1.Route{{Name: "r", Sinks: []string{"late"}}}
	})
	create(t, node("n1"), p)
	start(t)
	eventually(t, routes("n1", "p/r", "node-default"))
	follow(t, "n1")
	eventually(t, says(p, "Routed=False/SinkNotFound", "Ready=False/SinkNotFound", "Applied=True/InSync", "!Stalled"))

	sink := &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "late"}, Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout}}
	create(t, sink)
	eventually(t, routes("n1", "p/r", "late"))
	eventually(t, says(sink, "Ready=False/NotReporting"))
	follow(t, "n1")
	eventually(t, says(p, "Routed=True/Routed", "Ready=True/InSync"))
	eventually(t, says(sink, "Ready=True/Routed"))
	if want := (v1alpha1.SinkNodeCounts{Using: 1, Healthy: 1}); sink.Status.Nodes != want {
		t.Errorf("got %+v, want %+v", sink.Status.Nodes, want)
	}
	if err := agent("n1", v1alpha1.NodeInSync, func(r *v1alpha1.NodeAuditReport) { r.Sinks[0].LastError = "no space left" }); err != nil {
		t.Fatal(err)
	}
	eventually(t, says(p, "Routed=False/SinkFailing", "Ready=True/InSync"))
	eventually(t, says(sink, "Ready=False/SinkFailing"))
	if sink.Status.LastError != "node n1: no space left" {
		t.Errorf("got last error %q", sink.Status.LastError)
	}
}

func routes(node, route, sink string) func() error {
	return func() error {
		config, _, err := configOf(node)
		if err != nil {
			return err
		}
		if len(config.Routes) != 1 || config.Routes[0].Name != route || config.Routes[0].Sinks[0] != sink {
			return fmt.Errorf("got routes %+v, want %s to %s", config.Routes, route, sink)
		}
		return nil
	}
}

func TestTwoPoliciesThatDisagreeSayWhichOneLost(t *testing.T) {
	clean(t)
	backlog := func(n int64) func(*v1alpha1.AuditPolicySpec) {
		return func(s *v1alpha1.AuditPolicySpec) { s.Kernel.BacklogLimit = &n }
	}
	a, b := policy("a", passwd, backlog(8192)), policy("b", shadow, backlog(16384))
	create(t, node("n1"), a, b)
	start(t)
	eventually(t, says(b, "Stalled=True/Conflict", "Ready=False/Conflict"))
	eventually(t, says(a, "Compiled=True/Compiled", "!Stalled"))
	eventually(t, has("a", passwd, "n1"))
	eventually(t, has("b", "", "n1"))
	edit(t, b, func(p *v1alpha1.AuditPolicy) { p.Spec.Priority = 10 })
	eventually(t, has("b", shadow, "n1"))
	config, _, err := configOf("n1")
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Kernel.BacklogLimit; got == nil || *got != 16384 {
		t.Errorf("the higher priority does not win: got %v", got)
	}
}

func TestASecondControllerStandsByAndTakesOver(t *testing.T) {
	clean(t)
	elect := func(o *controllers.Options) { o.LeaderElect = true }
	stop := start(t, elect)
	create(t, node("n1"), policy("p", passwd))
	eventually(t, has("p", passwd, "n1"))
	start(t, elect)
	settle()
	stop()
	create(t, node("n2"))
	eventually(t, has("p", passwd, "n2"))
}
