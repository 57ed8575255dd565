package rollup

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

var clock = Clock{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), StaleAfter: 3 * time.Minute}

const generation = 7

func policy(change ...func(*v1alpha1.AuditPolicy)) *v1alpha1.AuditPolicy {
	p := &v1alpha1.AuditPolicy{ObjectMeta: metav1.ObjectMeta{Name: "p", Generation: generation}}
	p.Spec.Mode = v1alpha1.ModeEnforce
	for _, c := range change {
		c(p)
	}
	return p
}

func immutable(p *v1alpha1.AuditPolicy) { p.Spec.Kernel.Immutable = true }

func paused(p *v1alpha1.AuditPolicy) { p.Spec.Rollout.Paused = true }

func routedTo(sinks ...string) func(*v1alpha1.AuditPolicy) {
	return func(p *v1alpha1.AuditPolicy) { p.Spec.Routes = []v1alpha1.Route{{Name: "r", Sinks: sinks}} }
}

// node is one that has, and reports on, what it should have.
func node(name string, state v1alpha1.NodeState, change ...func(*Node)) Node {
	n := Node{Name: name, Desired: "d", Current: "d", Report: &v1alpha1.NodeAuditReport{
		HeartbeatTime: metav1.NewTime(clock.Now.Add(-time.Second)),
		State:         state,
		ConfigDigest:  "d",
		Kernel:        &v1alpha1.KernelReport{Enabled: v1alpha1.AuditOn},
		Policies:      []v1alpha1.NodePolicyReport{{Name: "p", Generation: generation, State: state, Reason: string(state)}},
	}}
	for _, c := range change {
		c(&n)
	}
	return n
}

func mute(n *Node)           { n.Report = nil }
func old(n *Node)            { n.Report.HeartbeatTime = metav1.NewTime(clock.Now.Add(-4 * time.Minute)) }
func ahead(n *Node)          { n.Report.HeartbeatTime = metav1.NewTime(clock.Now.Add(time.Hour)) }
func behind(n *Node)         { n.Report.ConfigDigest, n.Report.Policies[0].Generation = "c", generation-1 }
func waits(n *Node)          { behind(n); n.Current = "c" }
func lastGeneration(n *Node) { n.Report.Policies[0].Generation = generation - 1 }
func locked(n *Node)         { n.Report.Kernel.Enabled = v1alpha1.AuditLocked }
func edited(n *Node)         { n.Report.Reason, n.Report.Message = v1alpha1.ReasonInvalidConfig, "edited" }

func because(reason, message string) func(*Node) {
	return func(n *Node) { n.Report.Policies[0].Reason, n.Report.Policies[0].Message = reason, message }
}

func bootRequired(p *v1alpha1.AuditPolicy) {
	p.Spec.Boot = v1alpha1.BootSettings{Audit: v1alpha1.BootRequired, BacklogLimit: new(int64(8192))}
}

// boots says what the running kernel and the next boot have of audit=, with a backlog limit.
func boots(running, next v1alpha1.BootAudit, backlogLimit int64) func(*Node) {
	return func(n *Node) {
		n.Report.Boot = &v1alpha1.BootReport{
			Loader: "grub2", Running: v1alpha1.BootParameters{Audit: running, BacklogLimit: &backlogLimit},
			Next: v1alpha1.BootParameters{Audit: next, BacklogLimit: &backlogLimit},
		}
	}
}

func sinkSays(err string) func(*Node) {
	return func(n *Node) { n.Report.Sinks = []v1alpha1.SinkReport{{Name: "s", LastError: err}} }
}

func TestPolicyConditions(t *testing.T) {
	broken := Verdict{Reason: v1alpha1.ReasonInvalidRules, Message: "rules: line 3, column 7: unknown field"}
	tests := []struct {
		name    string
		policy  *v1alpha1.AuditPolicy
		verdict Verdict
		nodes   []Node
		want    string // type=status/reason of each condition that is there
	}{
		{
			name:  "every node in sync is a proof",
			nodes: []Node{node("n1", v1alpha1.NodeInSync), node("n2", v1alpha1.NodeInSync)},
			want:  "Compiled=True/Compiled Applied=True/InSync BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=True/InSync",
		},
		{
			name:   "a boot that was demanded and is proved",
			policy: policy(bootRequired),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, boots("On", "On", 8192))},
			want:   "Compiled=True/Compiled Applied=True/InSync BootVerified=True/BootVerified Immutable=False/NotRequested Routed=True/Routed Ready=True/InSync",
		},
		{
			name:   "a node whose next boot is not known takes the proof away",
			policy: policy(bootRequired),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, boots("On", "On", 8192)), node("n2", v1alpha1.NodeInSync, boots("On", "Unknown", 8192))},
			want: "Compiled=True/Compiled Applied=True/InSync BootVerified=False/BootNotVerified Immutable=False/NotRequested Routed=True/Routed " +
				"Ready=False/BootNotVerified",
		},
		{
			name:   "a node that has not looked at its boot takes the proof away",
			policy: policy(bootRequired),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync)},
			want: "Compiled=True/Compiled Applied=True/InSync BootVerified=False/BootNotVerified Immutable=False/NotRequested Routed=True/Routed " +
				"Ready=False/BootNotVerified",
		},
		{
			name:   "a queue that is too small for the boot takes the proof away",
			policy: policy(bootRequired),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, boots("On", "On", 64))},
			want: "Compiled=True/Compiled Applied=True/InSync BootVerified=False/BootNotVerified Immutable=False/NotRequested Routed=True/Routed " +
				"Ready=False/BootNotVerified",
		},
		{
			name: "a policy without nodes proves nothing and waits for nobody",
			want: "Compiled=True/Compiled Applied=False/NoNodesSelected BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/NoNodesSelected",
		},
		{
			name:  "a node that has never reported is unknown",
			nodes: []Node{node("n1", v1alpha1.NodeInSync), node("n2", v1alpha1.NodeInSync, mute)},
			want:  "Compiled=True/Compiled Applied=False/NotReporting BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/NotReporting",
		},
		{
			name:  "an old report is unknown, however good it was",
			nodes: []Node{node("n1", v1alpha1.NodeInSync, old)},
			want:  "Compiled=True/Compiled Applied=False/NotReporting BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/NotReporting",
		},
		{
			name:  "a report from the future is unknown",
			nodes: []Node{node("n1", v1alpha1.NodeInSync, ahead)},
			want:  "Compiled=True/Compiled Applied=False/NotReporting BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/NotReporting",
		},
		{
			name:  "a report on the configuration before is progress",
			nodes: []Node{node("n1", v1alpha1.NodeInSync), node("n2", v1alpha1.NodeInSync, behind)},
			want: "Compiled=True/Compiled Applied=False/Progressing BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/Progressing " +
				"Reconciling=True/Progressing",
		},
		{
			name:  "a report on the generation before proves nothing for this one",
			nodes: []Node{node("n1", v1alpha1.NodeInSync, lastGeneration)},
			want: "Compiled=True/Compiled Applied=False/Progressing BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/Progressing " +
				"Reconciling=True/Progressing",
		},
		{
			name:   "a paused rollout says that it is paused",
			policy: policy(paused),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, waits)},
			want: "Compiled=True/Compiled Applied=False/Paused BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/Paused " +
				"Reconciling=True/Paused",
		},
		{
			name:    "a policy that does not compile is stalled, whatever the nodes say",
			verdict: broken,
			nodes:   []Node{node("n1", v1alpha1.NodeInSync, lastGeneration)},
			want: "Compiled=False/InvalidRules Applied=False/InvalidRules BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/InvalidRules " +
				"Stalled=True/InvalidRules",
		},
		{
			name:  "a node with other rules is not on its way",
			nodes: []Node{node("n1", v1alpha1.NodeRulesDiffer), node("n2", v1alpha1.NodeInSync)},
			want:  "Compiled=True/Compiled Applied=False/NodesDiffer BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/NodesDiffer",
		},
		{
			name:  "a ConfigMap that was edited by hand is a difference",
			nodes: []Node{node("n1", v1alpha1.NodeInSync, behind, edited)},
			want:  "Compiled=True/Compiled Applied=False/NodesDiffer BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/NodesDiffer",
		},
		{
			name:  "a locked node with an earlier configuration waits for a reboot",
			nodes: []Node{node("n1", v1alpha1.NodeRebootPending, locked)},
			want:  "Compiled=True/Compiled Applied=False/RebootPending BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=False/RebootPending",
		},
		{
			name:   "a lock that was asked for must be there on every node",
			policy: policy(immutable),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, locked), node("n2", v1alpha1.NodeInSync)},
			want:   "Compiled=True/Compiled Applied=True/InSync BootVerified=False/NotRequested Immutable=False/NotLocked Routed=True/Routed Ready=False/NotLocked",
		},
		{
			name:   "a lock on every node",
			policy: policy(immutable),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, locked)},
			want:   "Compiled=True/Compiled Applied=True/InSync BootVerified=False/NotRequested Immutable=True/Locked Routed=True/Routed Ready=True/InSync",
		},
		{
			name:    "a sink that does not exist takes Ready away and stalls nothing",
			policy:  policy(routedTo("s")),
			verdict: Verdict{MissingSinks: []string{"s"}},
			nodes:   []Node{node("n1", v1alpha1.NodeInSync)},
			want:    "Compiled=True/Compiled Applied=True/InSync BootVerified=False/NotRequested Immutable=False/NotRequested Routed=False/SinkNotFound Ready=False/SinkNotFound",
		},
		{
			name:   "a sink that fails leaves Ready, because the records are made",
			policy: policy(routedTo("s")),
			nodes:  []Node{node("n1", v1alpha1.NodeInSync, sinkSays("disk full"))},
			want:   "Compiled=True/Compiled Applied=True/InSync BootVerified=False/NotRequested Immutable=False/NotRequested Routed=False/SinkFailing Ready=True/InSync",
		},
		{
			name:  "a sink of another policy does not matter",
			nodes: []Node{node("n1", v1alpha1.NodeInSync, sinkSays("disk full"))},
			want:  "Compiled=True/Compiled Applied=True/InSync BootVerified=False/NotRequested Immutable=False/NotRequested Routed=True/Routed Ready=True/InSync",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.policy == nil {
				tt.policy = policy()
			}
			status := Policy(tt.policy, tt.verdict, tt.nodes, clock)
			var got []string
			for _, c := range status.Conditions {
				got = append(got, fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason))
				if c.Message == "" || c.ObservedGeneration != generation || c.LastTransitionTime.IsZero() {
					t.Errorf("condition %s is not complete: %+v", c.Type, c)
				}
			}
			if diff := cmp.Diff(strings.Fields(tt.want), got); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPolicyCountsEveryNodeOnce(t *testing.T) {
	status := Policy(policy(), Verdict{}, []Node{
		node("a", v1alpha1.NodeInSync, locked, boots("On", "On", 64)),
		node("b", v1alpha1.NodeInSync),
		node("c", v1alpha1.NodeRulesDiffer),
		node("d", v1alpha1.NodeSettingsDiffer),
		node("e", v1alpha1.NodeLocked, locked),
		node("f", v1alpha1.NodeRebootPending, locked),
		node("g", v1alpha1.NodeUnsupported),
		node("h", v1alpha1.NodeUnknown),
		node("i", v1alpha1.NodeInSync, mute),
		node("j", v1alpha1.NodeInSync, old, locked),
	}, clock)
	want := v1alpha1.NodeCounts{Selected: 10, InSync: 2, OutOfSync: 2, Locked: 3, RebootPending: 2, BootNotVerified: 9, Unsupported: 1, Unknown: 3}
	if diff := cmp.Diff(want, status.Nodes); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if n := status.Nodes; n.InSync+n.OutOfSync+n.RebootPending+n.Unsupported+n.Unknown != n.Selected {
		t.Errorf("the groups do not add up: %+v", n)
	}
}

func TestPolicyNamesAtMostTenNodesOfAProblem(t *testing.T) {
	nodes := []Node{node("z", v1alpha1.NodeRulesDiffer, because(v1alpha1.ReasonRuleWaiting, "waits for /a"))}
	for i := range 12 {
		nodes = append(nodes, node(fmt.Sprintf("n%02d", 11-i), v1alpha1.NodeRulesDiffer, because(v1alpha1.ReasonRuleRefused, fmt.Sprintf("refused %d", 11-i))))
	}
	status := Policy(policy(), Verdict{}, nodes, clock)
	want := []v1alpha1.Problem{
		{
			Reason: v1alpha1.ReasonRuleRefused, Message: "refused 0", Count: 12,
			Nodes: []string{"n00", "n01", "n02", "n03", "n04", "n05", "n06", "n07", "n08", "n09"},
		},
		{Reason: v1alpha1.ReasonRuleWaiting, Message: "waits for /a", Count: 1, Nodes: []string{"z"}},
	}
	if diff := cmp.Diff(want, status.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
	if want := "0 of 13 nodes are in sync; RuleRefused on n00 and 11 more: refused 0"; ready.Message != want {
		t.Errorf("got message %q, want %q", ready.Message, want)
	}
}

// An unexpected reboot is no reason not to be Ready: the node may have all that it should have. It is told all the same.
func TestPolicyTellsUnexpectedReboots(t *testing.T) {
	rebooted := func(n *Node) {
		if n.Report == nil {
			return
		}
		n.Report.Conditions = []v1alpha1.NodeCondition{{Type: v1alpha1.ConditionUnexpectedReboot, Message: "find out who did it"}}
	}
	status := Policy(policy(), Verdict{}, []Node{
		node("a", v1alpha1.NodeInSync, rebooted), node("b", v1alpha1.NodeInSync), node("c", v1alpha1.NodeInSync, rebooted, mute),
	}, clock)
	want := []v1alpha1.Problem{
		{Reason: v1alpha1.ReasonNotReporting, Message: "the agent has never reported: see whether its pod runs on the node", Count: 1, Nodes: []string{"c"}},
		{Reason: v1alpha1.ReasonUnexpectedReboot, Message: "find out who did it", Count: 1, Nodes: []string{"a"}},
	}
	if diff := cmp.Diff(want, status.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	status = Policy(policy(), Verdict{}, []Node{node("a", v1alpha1.NodeInSync, rebooted)}, clock)
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
	if ready.Status != metav1.ConditionTrue || strings.Contains(ready.Message, "UnexpectedReboot") {
		t.Errorf("Ready is %s: %s", ready.Status, ready.Message)
	}
}

func TestPolicyKeepsTheTimeOfTheLastTransition(t *testing.T) {
	p := policy()
	p.Status = Policy(p, Verdict{Reason: v1alpha1.ReasonInvalidRules, Message: "m"}, []Node{node("n1", v1alpha1.NodeInSync)}, clock)
	later := clock
	later.Now = clock.Now.Add(time.Minute)
	mended := Policy(p, Verdict{}, []Node{node("n1", v1alpha1.NodeInSync)}, later)
	for kind, want := range map[string]time.Time{
		v1alpha1.ConditionReady:     later.Now,
		v1alpha1.ConditionImmutable: clock.Now,
	} {
		if got := meta.FindStatusCondition(mended.Conditions, kind).LastTransitionTime; !got.Time.Equal(want) {
			t.Errorf("%s changed at %v, want %v", kind, got, want)
		}
	}
	if c := meta.FindStatusCondition(mended.Conditions, v1alpha1.ConditionStalled); c != nil {
		t.Errorf("Stalled is still there: %+v", c)
	}
}

func TestPolicyWarningsStayWithinTheSchema(t *testing.T) {
	status := Policy(policy(), Verdict{Warnings: make([]string, 50)}, nil, clock)
	if len(status.Warnings) != maxWarnings {
		t.Errorf("got %d warnings, want %d", len(status.Warnings), maxWarnings)
	}
}

func TestSink(t *testing.T) {
	tests := []struct {
		name  string
		nodes []Node
		want  v1alpha1.SinkNodeCounts
		err   string
		ready string
	}{
		{name: "nobody uses it", ready: "True/NotRequested"},
		{
			name:  "every node can write",
			nodes: []Node{node("n2", v1alpha1.NodeInSync, sinkSays("")), node("n1", v1alpha1.NodeInSync, sinkSays(""))},
			want:  v1alpha1.SinkNodeCounts{Using: 2, Healthy: 2},
			ready: "True/Routed",
		},
		{
			name:  "the first failing node gives the error",
			nodes: []Node{node("n2", v1alpha1.NodeInSync, sinkSays("full")), node("n1", v1alpha1.NodeInSync, sinkSays("denied"))},
			want:  v1alpha1.SinkNodeCounts{Using: 2},
			err:   "node n1: denied",
			ready: "False/SinkFailing",
		},
		{
			name: "a node that is silent, behind, or has not opened it yet is not healthy",
			nodes: []Node{
				node("n1", v1alpha1.NodeInSync, sinkSays("")), node("n2", v1alpha1.NodeInSync, mute),
				node("n3", v1alpha1.NodeInSync, sinkSays(""), behind), node("n4", v1alpha1.NodeInSync),
			},
			want:  v1alpha1.SinkNodeCounts{Using: 4, Healthy: 1},
			ready: "False/NotReporting",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sink := &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "s", Generation: 2}}
			got := Sink(sink, tt.nodes, clock)
			if got.Nodes != tt.want || got.LastError != tt.err || got.ObservedGeneration != 2 {
				t.Errorf("got %+v, want %+v, error %q", got, tt.want, tt.err)
			}
			ready := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReady)
			if s := string(ready.Status) + "/" + ready.Reason; s != tt.ready {
				t.Errorf("got Ready %s, want %s", s, tt.ready)
			}
		})
	}
}

func counted(written, dropped, queued, bytes int64, second int) func(*Node) {
	return func(n *Node) {
		at := metav1.NewTime(clock.Now.Add(time.Duration(second) * time.Second))
		n.Report.Sinks = []v1alpha1.SinkReport{{Name: "s", Written: written, Dropped: dropped, Queued: queued, QueuedBytes: bytes, LastSuccessTime: &at}}
	}
}

func TestASinkSumsUpItsNodes(t *testing.T) {
	sink := &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "s"}}
	nodes := []Node{
		node("n1", v1alpha1.NodeInSync, counted(10, 1, 5, 500, -7)), node("n2", v1alpha1.NodeInSync, counted(20, 2, 6, 600, -3)),
		node("n3", v1alpha1.NodeInSync, mute),
	}
	got := Sink(sink, nodes, clock).Delivery
	latest := metav1.NewTime(clock.Now.Add(-3 * time.Second))
	want := &v1alpha1.SinkDelivery{
		Written: 30, Dropped: 3, Backlog: 11, BacklogBytes: 1100, LastSuccessTime: &latest, CountedAt: metav1.NewTime(clock.Now.Truncate(time.Second)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNumbersAloneAreWrittenTwiceAMinute(t *testing.T) {
	sink := &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "s"}}
	sink.Status = Sink(sink, []Node{node("n1", v1alpha1.NodeInSync, counted(1, 0, 0, 0, 0))}, clock)
	later := func(seconds int) Clock {
		return Clock{Now: clock.Now.Add(time.Duration(seconds) * time.Second), StaleAfter: clock.StaleAfter}
	}
	for name, test := range map[string]struct {
		seconds int
		change  func(*Node)
		written int64
	}{
		"numbers wait":                    {10, counted(2, 0, 0, 0, 0), 1},
		"but not for ever":                {30, counted(3, 0, 0, 0, 0), 3},
		"an error takes them along":       {1, func(n *Node) { counted(4, 0, 0, 0, 0)(n); n.Report.Sinks[0].LastError = "away" }, 4},
		"a clock that jumps back as well": {-100, counted(5, 0, 0, 0, 0), 5},
	} {
		if got := Sink(sink, []Node{node("n1", v1alpha1.NodeInSync, test.change)}, later(test.seconds)).Delivery.Written; got != test.written {
			t.Errorf("%s: written is %d, want %d", name, got, test.written)
		}
	}
}

func TestASinkWarnsOfWhoIsOnTheWay(t *testing.T) {
	for name, test := range map[string]struct {
		spec v1alpha1.AuditSinkSpec
		want string
	}{
		"any certificate will do": {
			v1alpha1.AuditSinkSpec{Splunk: &v1alpha1.SplunkSink{URL: "https://s", TLS: &v1alpha1.SinkTLS{InsecureSkipVerify: true}}}, "insecureSkipVerify is set",
		},
		"a token without TLS": {v1alpha1.AuditSinkSpec{Splunk: &v1alpha1.SplunkSink{URL: "http://s"}}, "travel without TLS"},
		"all is well":         {v1alpha1.AuditSinkSpec{Splunk: &v1alpha1.SplunkSink{URL: "https://s"}}, ""},
	} {
		message := Sink(&v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: test.spec}, nil, clock).Conditions[0].Message
		if !strings.Contains(message, test.want) || test.want == "" && strings.Contains(message, "on the way") {
			t.Errorf("%s: %q", name, message)
		}
	}
}
