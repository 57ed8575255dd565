//go:build vm

package vm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

const immutable = "immutable: true"

func TestALockHoldsUntilTheRebootThatANewPolicyAsksFor(t *testing.T) {
	n := resume(t, WithAuditd)
	if code, report := n.once(identity, immutable); code != 0 || report.State != v1alpha1.NodeInSync || n.enabled() != "2" {
		t.Fatalf("exit status %d, state %s: %s; enabled %s", code, report.State, report.Message, n.enabled())
	}
	n.expectPending(n.once(identity+names, immutable))
	n.expectPending(n.once(names, ""))
	n.expectPending(n.release())
	if diff := cmp.Diff(identity, n.rules()); diff != "" {
		t.Errorf("a locked kernel has other rules (-want +got):\n%s", diff)
	}
	// The old policy is still true, and somebody may go back to it.
	if code, report := n.once(identity, immutable); code != 0 {
		t.Errorf("the policy that was locked: exit status %d, state %s: %s", code, report.State, report.Message)
	}

	n.reboot() // the old policy is what was staged last
	if diff := cmp.Diff(identity, n.rules()); diff != "" || n.enabled() != "2" {
		t.Errorf("after the reboot: enabled %s, rules (-want +got):\n%s", n.enabled(), diff)
	}
	n.expectPending(n.release())
	n.reboot()
	if n.enabled() != "1" || n.rules() != "" {
		t.Errorf("after the release and a reboot: enabled %s, rules %q", n.enabled(), n.rules())
	}
	if code, report := n.once(identity+names, immutable); code != 0 || report.State != v1alpha1.NodeInSync || n.enabled() != "2" {
		t.Errorf("after the reboot: exit status %d, state %s: %s; enabled %s", code, report.State, report.Message, n.enabled())
	}
}

// expectPending checks a report about a node that we have locked.
func (n node) expectPending(code int, report v1alpha1.NodeAuditReport) {
	n.t.Helper()
	if code != 1 || report.State != v1alpha1.NodeRebootPending || report.Reason != v1alpha1.ReasonRebootPending {
		n.t.Errorf("exit status %d, state %s, reason %s", code, report.State, report.Reason)
	}
	if !strings.Contains(report.Message, "reboot the node") {
		n.t.Errorf("the message does not speak of a reboot: %s", report.Message)
	}
}

func TestALockOfOthersIsSaidToBeTheirs(t *testing.T) {
	n := resume(t, WithAuditd)
	n.sh("auditctl -w /etc/hosts -p wa -k hosts && auditctl -e 2")
	code, report := n.once(identity, "")
	if code != 1 || report.State != v1alpha1.NodeLocked || report.Reason != v1alpha1.ReasonLocked {
		t.Errorf("exit status %d, state %s, reason %s", code, report.State, report.Reason)
	}
	for _, want := range []string{"was locked (enabled 2) before nodeaudit came", "/etc/audit/rules.d", "reboot the node"} {
		if !strings.Contains(report.Message, want) {
			t.Errorf("the message does not say %q: %s", want, report.Message)
		}
	}
	if diff := cmp.Diff(hosts, n.rules()); diff != "" {
		t.Errorf("the rules of others (-want +got):\n%s", diff)
	}
	// What is in the kernel as asked is in sync, whoever has put it there and locked it.
	if code, report := n.once(hosts, immutable); code != 0 || report.State != v1alpha1.NodeInSync {
		t.Errorf("the rules that are there: exit status %d, state %s: %s", code, report.State, report.Message)
	}
	if code, report := n.release(); code != 0 || report.Reason != v1alpha1.ReasonReleased {
		t.Errorf("release where nothing of ours is in: exit status %d, state %s: %s", code, report.State, report.Message)
	}
}

func TestTheLockOfTheHostsOwnRulesFilesIsUndoneByRemovingIt(t *testing.T) {
	n := resume(t, WithAuditd)
	n.sh("echo '-e 2' >/etc/audit/rules.d/99-finalize.rules")
	n.reboot()
	if code, report := n.once(identity, ""); code != 1 || report.State != v1alpha1.NodeLocked {
		t.Errorf("with -e 2 in rules.d: exit status %d, state %s: %s", code, report.State, report.Message)
	}
	n.sh("rm /etc/audit/rules.d/99-finalize.rules")
	n.reboot()
	if code, report := n.once(identity, ""); code != 0 || report.State != v1alpha1.NodeInSync {
		t.Errorf("without it: exit status %d, state %s: %s", code, report.State, report.Message)
	}
}
