//go:build vm

package vm

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Rules in the words in which auditctl lists them.
const (
	identity = "-w /etc/passwd -p wa -k identity\n"
	names    = "-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=names\n"
	hosts    = "-w /etc/hosts -p wa -k hosts\n"
)

func TestTheKernelListsExactlyTheRulesOfThePolicy(t *testing.T) {
	n := resume(t, WithAuditd)
	code, report := n.once(identity+names, "backlogLimit: 4096")
	if code != 0 || report.State != v1alpha1.NodeInSync {
		t.Errorf("exit status %d, state %s: %s", code, report.State, report.Message)
	}
	if diff := cmp.Diff(identity+names, n.rules()); diff != "" {
		t.Errorf("auditctl -l (-want +got):\n%s", diff)
	}
	if !strings.Contains(n.settings(), "backlog_limit 4096\n") {
		t.Errorf("auditctl -s:\n%s", n.settings())
	}
}

// The optimiser is on unless a policy says otherwise, and what it makes looks different in auditctl -l. What counts is what is recorded.
func TestWhatTheOptimiserMakesRecords(t *testing.T) {
	n := resume(t, WithAuditd)
	n.write("/tmp/policy.yaml", strings.Replace(policy(identity+hosts, ""), "optimize: false", "optimize: true", 1))
	if code, report := n.report("nodeagent --policy /tmp/policy.yaml --once -o json"); code != 0 || report.Rules.Loaded == 0 {
		t.Errorf("exit status %d, state %s: %s", code, report.State, report.Message)
	}
	n.sh("cat /etc/passwd /etc/hosts >/dev/null; chmod 644 /etc/passwd /etc/hosts")
	for _, key := range []string{"identity", "hosts"} {
		n.sh(`for i in $(seq 100); do
	[ "$(grep -c '^type=SYSCALL .*key="` + key + `"' /var/log/audit/audit.log)" = 1 ] && exit
	sleep 0.1
done
cat /var/log/audit/audit.log* >&2; exit 1`)
	}
}

func TestANodeWithoutAuditdIsSwitchedOnAndOffAgain(t *testing.T) {
	n := resume(t, Bare)
	n.write("/tmp/observe.yaml", strings.Replace(policy(identity, ""), "spec:", "spec:\n  mode: Observe", 1))
	if code, report := n.report("nodeagent --policy /tmp/observe.yaml --once -o json"); code != 1 || report.Kernel.Enabled != v1alpha1.AuditOff {
		t.Fatalf("before: exit status %d, audit %s", code, report.Kernel.Enabled)
	}
	if code, report := n.once(identity, ""); code != 0 || report.Kernel.Enabled != v1alpha1.AuditOn {
		t.Errorf("exit status %d, %s, audit %s", code, report.Message, report.Kernel.Enabled)
	}
	if code, report := n.release(); code != 0 || report.Kernel.Enabled != v1alpha1.AuditOff || report.Rules.Unmanaged != 0 {
		t.Errorf("release: exit status %d, %s, audit %s, %d rules", code, report.Message, report.Kernel.Enabled, report.Rules.Unmanaged)
	}
}

func TestAColdBootFromTheDisk(t *testing.T) {
	started := time.Now()
	m, err := Start(within(t), image.Disk())
	n := begin(t, m, err, started)
	if code, report := n.once(identity, ""); code != 0 || report.State != v1alpha1.NodeInSync {
		t.Errorf("exit status %d, state %s: %s", code, report.State, report.Message)
	}
}

func TestAuditOffOnTheCommandLineIsUnsupported(t *testing.T) {
	n := resume(t, WithAuditd)
	n.sh(`sed -i '/^[[:space:]]*linux[[:space:]]/ s/$/ audit=0/' /boot/grub/grub.cfg`)
	n.reboot()
	code, report := n.once(identity, "")
	if code != 1 || report.State != v1alpha1.NodeUnsupported || report.Reason != v1alpha1.ReasonNoKernelSupport {
		t.Errorf("exit status %d, state %s, reason %s", code, report.State, report.Reason)
	}
	if !strings.Contains(report.Message, "remove audit=0 from its command line and reboot") {
		t.Errorf("message %q", report.Message)
	}
	if code, report := n.release(); code == 0 || report.State != v1alpha1.NodeUnsupported {
		t.Errorf("release: exit status %d, state %s", code, report.State)
	}
}
