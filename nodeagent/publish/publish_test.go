package publish

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func example() v1alpha1.NodeAuditReport {
	return v1alpha1.NodeAuditReport{
		HeartbeatTime: metav1.NewTime(time.Unix(1700000000, 0)), State: v1alpha1.NodeRulesDiffer, Reason: v1alpha1.ReasonRuleRefused,
		Message:  "policy p: 1 of 2 rules are not in the kernel",
		Policies: []v1alpha1.NodePolicyReport{{Name: "p", Generation: 2, State: v1alpha1.NodeRulesDiffer, Reason: v1alpha1.ReasonRuleRefused, Message: "1 of 2 rules"}},
		Kernel:   &v1alpha1.KernelReport{Enabled: v1alpha1.AuditOn, FailureMode: v1alpha1.FailureModePrintk, BacklogLimit: 8192, Lost: 7},
		Rules: v1alpha1.RulesReport{Wanted: 2, Loaded: 1, Unmanaged: 3, Problems: []v1alpha1.RuleProblem{
			{Rule: "-w /x -p wa -k x", Policy: "p", Reason: "Refused", Message: "the kernel refused it"},
		}},
		Lock: &v1alpha1.LockReport{
			LockedBy: v1alpha1.LockedByNodeaudit, SinceBootID: "b1", Missing: []string{"-w /x -p wa -k x"}, Superfluous: []string{"-w /y -p wa -k y"},
			Staged: true, StagedIn: "/etc/audit/rules.d/zz-nodeaudit.rules",
		},
		Drift:      v1alpha1.DriftReport{Count: 2, LastMessage: "1 rules had been deleted", LastBy: &v1alpha1.Actor{Comm: "auditctl", Exe: "/usr/sbin/auditctl", Unit: "auditd.service"}},
		Reboot:     &v1alpha1.RebootNeed{Reason: v1alpha1.ReasonRebootPending, Signalled: true},
		Conditions: []v1alpha1.NodeCondition{{Type: v1alpha1.ConditionUnexpectedReboot, Message: "find out who did it"}},
		Logs: []v1alpha1.LogReport{{
			File: "audit.log", PublicKey: "key", Latest: v1alpha1.LogCheckpoint{Sequence: 7, Hash: "hash", Time: metav1.NewTime(time.Unix(1700000000, 0))},
		}},
		Sinks: []v1alpha1.SinkReport{{Name: "file", Written: 5, LastError: "no space left on device"}, {Name: "good"}},
	}
}

func TestNews(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.NodeAuditReport)
		want   bool
	}{
		"nothing":             {func(*v1alpha1.NodeAuditReport) {}, false},
		"a heartbeat":         {func(r *v1alpha1.NodeAuditReport) { r.HeartbeatTime = metav1.Now() }, false},
		"a counter of events": {func(r *v1alpha1.NodeAuditReport) { r.Events.Received++ }, false},
		"a counter of a sink": {func(r *v1alpha1.NodeAuditReport) { r.Sinks[0].Written++ }, false},
		"a checkpoint of a log": {func(r *v1alpha1.NodeAuditReport) {
			r.Logs[0].Latest = v1alpha1.LogCheckpoint{Sequence: 8, Hash: "next", Time: metav1.Now()}
		}, false},
		"a log that is new":       {func(r *v1alpha1.NodeAuditReport) { r.Logs = append(r.Logs, v1alpha1.LogReport{File: "other.log"}) }, true},
		"the key of a log":        {func(r *v1alpha1.NodeAuditReport) { r.Logs[0].PublicKey = "other" }, true},
		"a counter of the kernel": {func(r *v1alpha1.NodeAuditReport) { r.Kernel.Lost++ }, false},
		"an error of a sink":      {func(r *v1alpha1.NodeAuditReport) { r.Sinks[0].LastError = "" }, true},
		"a setting of the kernel": {func(r *v1alpha1.NodeAuditReport) { r.Kernel.Enabled = v1alpha1.AuditOff }, true},
		"a state":                 {func(r *v1alpha1.NodeAuditReport) { r.State = v1alpha1.NodeInSync }, true},
		"a configuration":         {func(r *v1alpha1.NodeAuditReport) { r.ConfigDigest = "other" }, true},
		"a condition":             {func(r *v1alpha1.NodeAuditReport) { r.Conditions = nil }, true},
		"drift":                   {func(r *v1alpha1.NodeAuditReport) { r.Drift.Count++ }, true},
		"a kernel that is gone":   {func(r *v1alpha1.NodeAuditReport) { r.Kernel = nil }, true},
	} {
		last, report := example(), example()
		test.change(&report)
		if got := news(&last, report); got != test.want {
			t.Errorf("%s: news = %v", name, got)
		}
		if diff := cmp.Diff(example(), last); diff != "" {
			t.Errorf("%s: the comparison changed the report (-want +got):\n%s", name, diff)
		}
	}
	if !news(nil, example()) {
		t.Error("the first report is no news")
	}
}

func TestPrintIsForPeople(t *testing.T) {
	var out bytes.Buffer
	p := NewPrint(&out, "web1", false)
	p.Offer(example())
	p.Offer(example())
	want := `node web1: RulesDiffer (RuleRefused): policy p: 1 of 2 rules are not in the kernel
  policy p: RulesDiffer (RuleRefused): 1 of 2 rules
  rules: 1 of 2 loaded, 3 of others
    refused: -w /x -p wa -k x: the kernel refused it
  kernel: audit on, backlog limit 8192, on failure printk, rate limit 0, lost 7
  locked by nodeaudit, since boot b1
    a reboot has to bring: -w /x -p wa -k x
    a reboot has to take: -w /y -p wa -k y
  next boot: staged in /etc/audit/rules.d/zz-nodeaudit.rules
  drift: 2 times, the last: 1 rules had been deleted, by auditctl (/usr/sbin/auditctl, unit auditd.service)
  needs a reboot (RebootPending): /run/reboot-required says so
  UnexpectedReboot: find out who did it
  sink file: no space left on device
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestPrintIsForScripts(t *testing.T) {
	var out bytes.Buffer
	NewPrint(&out, "web1", true).Offer(example())
	var got struct {
		Node string `json:"node"`
		v1alpha1.NodeAuditReport
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Node != "web1" || got.State != v1alpha1.NodeRulesDiffer || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("printed %s", out.String())
	}
}
