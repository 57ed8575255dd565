package rollup

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// current is the digest of a document in which objects are as they are now.
const current = "d2"

// held are verdicts on what is in use, and since which document.
func held(v TenantVerdict) TenantVerdict {
	v.Holds = func(digest string) bool { return digest == current }
	return v
}

// behindTenants makes a report that of a node which works with that document.
func behindTenants(digest string, r v1alpha1.NodeAuditStatus) v1alpha1.NodeAuditStatus {
	r.Status.TenantsDigest = digest
	return r
}

// reportOf is what a node with a young heartbeat says of sinks of tenants.
func reportOf(node string, sinks ...v1alpha1.SinkReport) v1alpha1.NodeAuditStatus {
	r := v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: node}}
	r.Status.HeartbeatTime, r.Status.TenantSinks, r.Status.TenantsDigest = metav1.NewTime(clock.Now.Add(-time.Second)), sinks, current
	return r
}

func aged(by time.Duration, r v1alpha1.NodeAuditStatus) v1alpha1.NodeAuditStatus {
	r.Status.HeartbeatTime = metav1.NewTime(clock.Now.Add(-by))
	return r
}

func TestReportsCountForTheSinkThatTheyName(t *testing.T) {
	shops, banks := v1alpha1.SinkReport{Name: "shop/siem", Written: 1}, v1alpha1.SinkReport{Name: "bank/siem", Written: 2}
	got := TenantNodes([]v1alpha1.NodeAuditStatus{
		reportOf("n1", shops, banks),
		reportOf("n2", shops),
		reportOf("n3"),
		aged(4*time.Minute, reportOf("late", shops)),
		aged(-time.Hour, reportOf("ahead", shops)),
		{ObjectMeta: metav1.ObjectMeta{Name: "new"}},
	}, clock)
	want := map[string][]TenantReport{"shop/siem": {{"n1", current, shops}, {"n2", current, shops}}, "bank/siem": {{"n1", current, banks}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// ready is the condition Ready, with its message, of an object that has no other.
func ready(conditions []metav1.Condition) (text, message string) {
	if len(conditions) != 1 {
		return fmt.Sprintf("%d conditions", len(conditions)), ""
	}
	c := conditions[0]
	return fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason), c.Message
}

func tenantsSink() *v1alpha1.NamespacedAuditSink {
	s := &v1alpha1.NamespacedAuditSink{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "siem", Generation: generation}}
	s.Spec = v1alpha1.AuditSinkSpec{Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: "https://in.logs.test/x"}}
	return s
}

func TestTheStatusOfATenantsSink(t *testing.T) {
	both := []v1alpha1.NodeAuditStatus{selected("n1"), selected("n2")}
	late := []v1alpha1.NodeAuditStatus{selected("n1"), behindTenants("d1", selected("n2")), aged(time.Hour, selected("n3"))}
	fine, fails := v1alpha1.SinkReport{Written: 5, Queued: 2}, v1alpha1.SinkReport{Written: 1, Dropped: 3, LastError: "refused"}
	used := TenantVerdict{Used: true}
	for _, test := range []struct {
		name           string
		verdict        TenantVerdict
		nodes          []TenantReport
		fleet          []v1alpha1.NodeAuditStatus
		change         func(*v1alpha1.NamespacedAuditSink)
		want, message  string
		using, healthy int32
	}{
		{name: "one that the platform refuses, whatever nodes say", verdict: TenantVerdict{Reason: "NotAllowed", Message: "why"}, nodes: []TenantReport{{"n1", current, fine}}, want: "Ready=False/NotAllowed", message: "why", using: 1, healthy: 1},
		{name: "one that no route names", want: "Ready=True/NotRequested", message: "no AuditRoute of the namespace that is in use names the sink"},
		{name: "one that no pod has had an event for", verdict: used, want: "Ready=True/Accepted", message: "no pod of the namespace has had an event for it yet"},
		{name: "one to which all nodes write", verdict: used, nodes: []TenantReport{{"n2", current, fine}, {"n1", current, fine}}, want: "Ready=True/Routed", message: "all 2 nodes that had events can write", using: 2, healthy: 2},
		{
			name: "one that nodes do not reach: the first of them speaks, whatever the order", verdict: used, nodes: []TenantReport{{"n3", current, fails}, {"n1", current, fine}, {"n2", current, fails}},
			want: "Ready=False/SinkFailing", message: "1 of 3 nodes can write; node n2: refused", using: 3, healthy: 1,
		},
		{name: "one that nodes have taken into use, and no pod has had an event for", verdict: used, fleet: both, want: "Ready=True/Accepted", message: "no pod of the namespace has had an event for it yet"},
		{name: "one that a node has yet to take into use", verdict: used, fleet: late, want: "Ready=False/Progressing", message: "waiting for 1 of 3 nodes to take it into use: n2"},
		{
			name: "one to which a node writes as it was before: neither that it can nor that it cannot says anything", verdict: used, fleet: late,
			nodes: []TenantReport{{"n1", current, fine}, {"n2", "d1", fails}, {"n3", "", fine}}, want: "Ready=False/Progressing",
			message: "waiting for 1 of 3 nodes to take it into use: n2", using: 3, healthy: 1,
		},
		{
			name: "one that a node does not reach, which comes before another that has yet to take it into use", verdict: used, fleet: late, nodes: []TenantReport{{"n1", current, fails}},
			want: "Ready=False/SinkFailing", message: "0 of 1 nodes can write; node n1: refused", using: 1,
		},
		{name: "one that no route names waits for nobody", fleet: late, want: "Ready=True/NotRequested", message: "no AuditRoute"},
		{
			name: "one whose credentials travel without TLS", verdict: used, nodes: []TenantReport{{"n1", current, fine}},
			change: func(s *v1alpha1.NamespacedAuditSink) {
				s.Spec.Webhook.URL, s.Spec.Webhook.Auth = "http://in.logs.test/x", &v1alpha1.HTTPAuth{BearerTokenSecretRef: &v1alpha1.SecretKey{Name: "siem", Key: "token"}}
			},
			want: "Ready=True/Routed", message: "travel without TLS", using: 1, healthy: 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			sink := tenantsSink()
			if test.change != nil {
				test.change(sink)
			}
			got := TenantSink(sink, held(test.verdict), test.nodes, NewTenantFleet(test.fleet, clock), clock)
			if text, message := ready(got.Conditions); text != test.want || !strings.Contains(message, test.message) {
				t.Errorf("%s: %s, want %s: … %s", text, message, test.want, test.message)
			}
			if got.Nodes.Using != test.using || got.Nodes.Healthy != test.healthy || got.ObservedGeneration != generation || (got.Delivery == nil) != (len(test.nodes) == 0) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTheNumbersOfATenantsSinkAreThoseOfItsNodes(t *testing.T) {
	early, late := metav1.NewTime(clock.Now.Add(-time.Hour)), metav1.NewTime(clock.Now.Add(-time.Minute))
	got := TenantSink(tenantsSink(), held(TenantVerdict{Used: true}), []TenantReport{
		{"n1", current, v1alpha1.SinkReport{Written: 5, Queued: 2, QueuedBytes: 200, LastSuccessTime: &late}},
		{"n2", current, v1alpha1.SinkReport{Written: 7, Dropped: 1, Queued: 3, QueuedBytes: 300, LastSuccessTime: &early}},
		{"n3", current, v1alpha1.SinkReport{}},
	}, TenantFleet{}, clock)
	want := &v1alpha1.SinkDelivery{CountedAt: metav1.NewTime(clock.Now), Written: 12, Dropped: 1, Backlog: 5, BacklogBytes: 500, LastSuccessTime: &late}
	if diff := cmp.Diff(want, got.Delivery); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Nodes report all the time. A status is written anew where it says something new, and numbers not more often than they have to.
func TestAStatusOfATenantIsWrittenOnlyWithNews(t *testing.T) {
	at := func(after time.Duration) Clock { return Clock{Now: clock.Now.Add(after), StaleAfter: clock.StaleAfter} }
	nodes := func(written int64, lastError string) []TenantReport {
		return []TenantReport{{"n1", current, v1alpha1.SinkReport{Written: written, LastError: lastError}}}
	}
	sink := tenantsSink()
	sink.Status = TenantSink(sink, held(TenantVerdict{Used: true}), nodes(5, ""), TenantFleet{}, clock)
	for _, test := range []struct {
		name  string
		nodes []TenantReport
		after time.Duration
		news  bool
	}{
		{"the same, soon", nodes(5, ""), time.Second, false},
		{"the same, long after", nodes(5, ""), 24 * time.Hour, false},
		{"more events, soon", nodes(6, ""), recount - time.Second, false},
		{"more events, after a while", nodes(6, ""), recount, true},
		{"an error, soon", nodes(6, "refused"), time.Second, true},
	} {
		got := TenantSink(sink, held(TenantVerdict{Used: true}), test.nodes, TenantFleet{}, at(test.after))
		if diff := cmp.Diff(sink.Status, got); (diff != "") != test.news {
			t.Errorf("%s: news: %t, want %t (-before +after):\n%s", test.name, diff != "", test.news, diff)
		}
	}
	before := sink.Status.Conditions[0].LastTransitionTime
	for name, test := range map[string]struct {
		lastError string
		moved     bool
	}{"goes on": {"", false}, "turns": {"refused", true}} {
		got := TenantSink(sink, held(TenantVerdict{Used: true}), nodes(9, test.lastError), TenantFleet{}, at(time.Hour)).Conditions[0].LastTransitionTime
		if got.Equal(&before) == test.moved {
			t.Errorf("a condition that %s is dated %s, before %s", name, got, before)
		}
	}
}

// selected is a node that a policy selects, with what it says of routes.
func selected(node string, routes ...v1alpha1.RouteReport) v1alpha1.NodeAuditStatus {
	r := reportOf(node)
	r.Status.Policies, r.Status.Events.Routes = []v1alpha1.NodePolicyReport{{Name: "p"}}, routes
	return r
}

func TestTheStatusOfATenantsRoute(t *testing.T) {
	broken := v1alpha1.RouteReport{Name: "tenant:shop/exec", LastError: "the route matches nothing: match: no such field"}
	fails := v1alpha1.RouteReport{Name: "tenant:shop/exec", Matched: 9, Errors: 3, LastError: "no such key"}
	works := v1alpha1.RouteReport{Name: "tenant:shop/exec", Matched: 9}
	others := v1alpha1.RouteReport{Name: "tenant:bank/exec", LastError: "theirs"}
	policys := v1alpha1.RouteReport{Name: "shop/exec", LastError: "the platform's"}
	for _, test := range []struct {
		name          string
		verdict       TenantVerdict
		reports       []v1alpha1.NodeAuditStatus
		want, message string
	}{
		{"one that the platform refuses, whatever nodes say", TenantVerdict{Reason: "SinkNotFound", Message: "why"}, []v1alpha1.NodeAuditStatus{selected("n1")}, "Ready=False/SinkNotFound", "why"},
		{"one that nothing is recorded for", TenantVerdict{}, []v1alpha1.NodeAuditStatus{reportOf("n1")}, "Ready=False/NoNodesSelected", "no node that has reported is selected by a policy, so that nothing is recorded which the route could send: ask whoever administers nodeaudit"},
		{"one that is in force", TenantVerdict{}, []v1alpha1.NodeAuditStatus{selected("n1", works, others, policys), selected("n2"), reportOf("released")}, "Ready=True/Accepted", "in force on every node that a policy selects, 2 now"},
		{"one of which the platform has cut something off", TenantVerdict{Message: "the budget is cut"}, []v1alpha1.NodeAuditStatus{selected("n1")}, "Ready=True/Accepted", "in force on every node that a policy selects, 1 now; the budget is cut"},
		{
			"one that some nodes cannot use",
			TenantVerdict{},
			[]v1alpha1.NodeAuditStatus{selected("n3", broken), selected("n1"), selected("n2", broken)},
			"Ready=False/InvalidRoutes",
			"not in force on 2 of 3 nodes; node n2: the route matches nothing: match: no such field",
		},
		{
			"one that could not be compared with some events",
			TenantVerdict{},
			[]v1alpha1.NodeAuditStatus{selected("n2", fails), selected("n1", works)},
			"Ready=True/Accepted",
			"in force on every node that a policy selects, 2 now; on 1 nodes some events were left out because of an error; node n2: no such key",
		},
		{
			"one of which not all nodes speak",
			TenantVerdict{},
			[]v1alpha1.NodeAuditStatus{selected("n1"), aged(time.Hour, selected("n3")), aged(time.Hour, selected("n2", broken))},
			"Ready=True/Accepted",
			"in force on 1 of the 3 nodes that a policy selects; node n2: the agent last reported at 2026-01-02T02:04:05Z: see whether its pod runs on the node",
		},
		{
			"one that some nodes have yet to take into use, or say nothing of tenants at all",
			TenantVerdict{Message: "the budget is cut"},
			[]v1alpha1.NodeAuditStatus{selected("n5"), behindTenants("", selected("n4")), aged(time.Hour, selected("n3")), behindTenants("d1", selected("n2", works)), selected("n1")},
			"Ready=False/Progressing",
			"waiting for 2 of 5 nodes to take it into use: n2, n4",
		},
		{
			"one of which a node tells how it was before",
			TenantVerdict{},
			[]v1alpha1.NodeAuditStatus{selected("n1"), behindTenants("d1", selected("n2", broken))},
			"Ready=False/Progressing",
			"waiting for 1 of 2 nodes to take it into use: n2",
		},
		{
			"one that cannot match where it is in force, which comes before what only needs time",
			TenantVerdict{},
			[]v1alpha1.NodeAuditStatus{selected("n1", broken), behindTenants("d1", selected("n2"))},
			"Ready=False/InvalidRoutes",
			"not in force on 1 of 2 nodes; node n1: the route matches nothing: match: no such field",
		},
		{
			"one of which nobody speaks",
			TenantVerdict{},
			[]v1alpha1.NodeAuditStatus{aged(time.Hour, selected("n2")), aged(time.Hour, selected("n1"))},
			"Ready=False/NotReporting",
			"none of the 2 nodes that a policy selects reports; node n1: the agent last reported at 2026-01-02T02:04:05Z: see whether its pod runs on the node",
		},
		{
			"one that no document holds, whatever nodes say they have",
			TenantVerdict{Holds: func(string) bool { return false }},
			[]v1alpha1.NodeAuditStatus{selected("n1")},
			"Ready=False/Progressing",
			"waiting for 1 of 1 nodes to take it into use: n1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.verdict.Holds == nil {
				test.verdict = held(test.verdict)
			}
			route := &v1alpha1.AuditRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "exec", Generation: generation}}
			got := TenantRoute(route, test.verdict, NewTenantFleet(test.reports, clock), clock)
			text, message := ready(got.Conditions)
			if diff := cmp.Diff(test.want+": "+test.message, text+": "+message); diff != "" || got.ObservedGeneration != generation {
				t.Errorf("generation %d (-want +got):\n%s", got.ObservedGeneration, diff)
			}
		})
	}
}

// A message is for people, and a status for thousands of nodes no longer than for a few.
func TestOfManyNodesThatAreWaitedForTheFirstAreNamed(t *testing.T) {
	var reports []v1alpha1.NodeAuditStatus
	for i := range 3000 {
		reports = append(reports, behindTenants(fmt.Sprintf("d%d", i%3-1), selected(fmt.Sprintf("n%04d", i))))
	}
	route := &v1alpha1.AuditRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "exec"}}
	_, message := ready(TenantRoute(route, held(TenantVerdict{}), NewTenantFleet(reports, clock), clock).Conditions)
	want := "waiting for 3000 of 3000 nodes to take it into use: n0000, n0001, n0002, n0003, n0004, n0005, n0006, n0007, n0008, n0009 and 2990 more"
	if diff := cmp.Diff(want, message); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
