//go:build vm

package vm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// signals makes a policy ask for the sentinel.
func signals(policy string) string {
	return strings.Replace(policy, "spec:\n", "spec:\n  reboot: {signal: Sentinel}\n", 1)
}

func TestARebootOfALockedNodeIsExpectedOrNot(t *testing.T) {
	n := resume(t, WithAuditd)
	lock := func(rules string) (int, v1alpha1.NodeAuditReport) {
		n.write("/tmp/policy.yaml", signals(policy(rules, immutable)))
		return n.report("nodeagent --policy /tmp/policy.yaml --once -o json")
	}
	if code, report := lock(identity); code != 0 || n.enabled() != "2" || report.LastReboot != nil {
		t.Fatalf("exit status %d, enabled %s, last reboot %+v", code, n.enabled(), report.LastReboot)
	}

	n.reboot() // which nobody has asked for
	code, report := lock(identity)
	last := report.LastReboot
	if code != 0 || last == nil || last.Expected || last.Before != v1alpha1.AuditLocked || last.BootID != report.BootID {
		t.Fatalf("exit status %d, last reboot %+v", code, last)
	}
	if len(report.Conditions) != 1 || report.Conditions[0].Type != v1alpha1.ConditionUnexpectedReboot {
		t.Errorf("conditions %+v", report.Conditions)
	}

	if _, report = lock(identity + names); report.State != v1alpha1.NodeRebootPending || report.Reboot == nil || !report.Reboot.Signalled {
		t.Fatalf("state %s, reboot %+v", report.State, report.Reboot)
	}
	if got := n.sh("cat /run/reboot-required /run/reboot-required.pkgs"); got != "*** System restart required (nodeaudit) ***\nnodeaudit: RebootPending\n" {
		t.Errorf("the sentinel says %q", got)
	}
	n.reboot() // as kured would
	code, report = lock(identity + names)
	want := &v1alpha1.RebootRecord{Expected: true, Reasons: []string{"RebootPending"}, Before: v1alpha1.AuditLocked}
	if got := report.LastReboot; code != 0 || got == nil {
		t.Errorf("exit status %d, last reboot %+v", code, got)
	} else {
		want.BootID, want.BootTime, want.LastSeen = report.BootID, got.BootTime, got.LastSeen
		if diff := cmp.Diff(want, got); diff != "" || len(report.Conditions) != 0 {
			t.Errorf("conditions %+v, last reboot (-want +got):\n%s", report.Conditions, diff)
		}
	}
	if got := n.sh("ls /run/reboot-required* 2>/dev/null || true"); got != "" {
		t.Errorf("the sentinel is still there: %s", got)
	}
}
