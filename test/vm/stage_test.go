//go:build vm

package vm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Each of the two ways in which a boot loads rules: the host's auditd, and our unit where there is none. A node without auditd has no auditctl
// either, so it is asked through an agent that knows of nothing.
func TestAChangedPolicyIsInForceAndLockedFromTheNextBootOn(t *testing.T) {
	for saved, file := range map[string]string{
		WithAuditd: "/etc/audit/rules.d/zz-nodeaudit.rules",
		Bare:       "/var/lib/nodeaudit/staged.rules",
	} {
		t.Run(saved, func(t *testing.T) {
			n := resume(t, saved)
			code, report := n.once(identity, immutable)
			if code != 0 || report.Kernel.Enabled != v1alpha1.AuditLocked {
				t.Fatalf("exit status %d, %s: %s", code, report.State, report.Message)
			}
			n.expectLock(report, v1alpha1.LockedByNodeaudit, file)
			first := report.BootID

			code, report = n.once(names+hosts, immutable)
			n.expectPending(code, report)
			n.expectLock(report, v1alpha1.LockedByNodeaudit, file)
			if diff := cmp.Diff([]string{strings.TrimSpace(identity)}, report.Lock.Superfluous); diff != "" || len(report.Lock.Missing) != 2 {
				t.Errorf("missing %q, superfluous (-want +got):\n%s", report.Lock.Missing, diff)
			}

			n.reboot()
			// Before any agent of this boot has done anything.
			text := n.sh("cat " + file)
			code, report = n.observed(names + hosts)
			if report.Kernel.Enabled != v1alpha1.AuditLocked || report.Rules.Loaded != 2 || report.Rules.Unmanaged != 0 {
				t.Errorf("after the reboot: exit status %d, %+v, %+v\n%s\n%s", code, report.Kernel, report.Rules, text, n.try("journalctl --no-pager -u nodeaudit-rules -u auditd").Out)
			}
			code, report = n.once(names+hosts, immutable)
			if code != 0 || report.State != v1alpha1.NodeInSync || report.Lock == nil || report.Lock.SinceBootID != first {
				t.Errorf("the agent after the reboot: exit status %d, %s: %s, lock %+v", code, report.State, report.Message, report.Lock)
			}
			n.expectLock(report, v1alpha1.LockedByNodeaudit, file)

			// What was staged is the agent's own: a release waits for a reboot, and takes the file.
			n.expectPending(n.release())
			n.sh("! test -e " + file + " && ! test -e /etc/systemd/system/nodeaudit-rules.service && ! test -e /var/lib/nodeaudit/staged.json")
		})
	}
}

// observed looks as an agent would that knows of nothing, and changes nothing.
func (n node) observed(rules string) (int, v1alpha1.NodeAuditReport) {
	n.t.Helper()
	n.write("/tmp/observe.yaml", strings.Replace(policy(rules, ""), "spec:", "spec:\n  mode: Observe", 1))
	return n.report("nodeagent --policy /tmp/observe.yaml --state-dir /tmp/other --once -o json")
}

func (n node) expectLock(report v1alpha1.NodeAuditReport, by v1alpha1.LockedBy, file string) {
	n.t.Helper()
	if report.Lock == nil || report.Lock.LockedBy != by || !report.Lock.Staged || report.Lock.StagedIn != file || report.Lock.Message != "" {
		n.t.Errorf("lock: %+v, want by %s and staged in %s", report.Lock, by, file)
	}
}

// The optimiser makes rules that nobody would write. What is staged must come back as exactly those, or as what was written.
func TestStagedRulesOfTheOptimiserAreInSyncAfterTheReboot(t *testing.T) {
	n := resume(t, WithAuditd)
	// Somebody else locks, and one of the rules is the host's own.
	n.write("/etc/audit/rules.d/10-host.rules", hosts+"-e 2\n")
	rules := "-w /etc/passwd -p wa -k id\n-w /etc/shadow -p wa -k id\n-w /etc/hosts -p wa -k hosts\n" +
		"-a always,exit -F arch=b64 -S adjtimex -S settimeofday -k time\n-a always,exit -F arch=b64 -S clock_settime -k time\n-w /no/such/place/x -p wa -k late\n"
	n.write("/var/tmp/policy.yaml", strings.Replace(policy(rules, "immutable: true, backlogLimit: 4096"), "optimize: false", "optimize: true", 1))
	if code, report := n.report("nodeagent --policy /var/tmp/policy.yaml --once -o json"); code != 0 {
		t.Fatalf("exit status %d, %s: %s", code, report.State, report.Message)
	}
	t.Log(n.sh("cat /etc/audit/rules.d/zz-nodeaudit.rules; auditctl -l"))
	n.reboot()
	t.Log(n.sh("auditctl -l; auditctl -s"))
	code, report := n.report("nodeagent --policy /var/tmp/policy.yaml --once -o json")
	if code != 0 || report.State != v1alpha1.NodeInSync || report.Lock.LockedBy != v1alpha1.LockedByHost || report.Kernel.BacklogLimit != 4096 {
		t.Errorf("exit status %d, %s: %s, lock %+v, kernel %+v", code, report.State, report.Message, report.Lock, report.Kernel)
	}
}
