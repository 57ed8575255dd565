//go:build vm

package vm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// A host whose auditd stops, starts and loads its rules while the agent runs: ours stay, theirs stay, and the agent names who deleted ours.
func TestAHostsAuditdComesAndGoes(t *testing.T) {
	n := withOwnRules(t)
	rules, settings := n.rules(), n.but("pid")
	n.serve(policy(identity+names, "backlogLimit: 4096"))
	complete := holds("identity", "names") + ` && auditctl -s | grep -q 'backlog_limit 4096'`
	n.await(complete)

	n.sh("systemctl stop auditd && sleep 1")
	if diff := cmp.Diff(hosts+identity+names, n.rules()); diff != "" {
		t.Errorf("auditctl -l without auditd (-want +got):\n%s", diff)
	}
	for _, step := range []struct{ name, do, unit, theirs string }{
		{"auditd starts, and loads its rules", "systemctl start auditd", "auditd.service", hosts},
		{"somebody loads them again", "augenrules --load", "qemu-guest-agent.service", hosts},
		{"somebody deletes all rules", "auditctl -D", "qemu-guest-agent.service", ""},
		{"auditd is started anew", "systemctl restart auditd", "auditd.service", hosts},
	} {
		// What comes late of the step before is not of this one.
		drifts := n.said("anything", func(v1alpha1.NodeAuditReport) bool { return true }).Drift.Count
		n.sh(step.do)
		t.Logf("%s: ours are back after %s", step.name, n.await(complete))
		report := n.said(step.name, func(r v1alpha1.NodeAuditReport) bool {
			return r.Drift.Count > drifts && r.Drift.LastBy != nil && r.State == v1alpha1.NodeInSync
		})
		by := report.Drift.LastBy
		t.Logf("%s: by %s", step.name, by)
		if by.Comm != "auditctl" || by.Unit != "" && by.Unit != step.unit {
			t.Errorf("%s: by %s", step.name, by)
		}
		if diff := cmp.Diff(step.theirs+identity+names, n.rules()); diff != "" {
			t.Errorf("%s: auditctl -l (-want +got):\n%s", step.name, diff)
		}
	}

	n.leaveService()
	if code, report := n.release(); code != 0 {
		t.Errorf("release: exit status %d, %s", code, report.Message)
	}
	if diff := cmp.Diff(rules+settings, n.rules()+n.but("pid")); diff != "" {
		t.Errorf("before and after (-before +after):\n%s", diff)
	}
}

// but is settings without the one of that name: each auditd has another pid.
func (n node) but(name string) string {
	n.t.Helper()
	var rest strings.Builder
	for line := range strings.Lines(n.settings()) {
		if !strings.HasPrefix(line, name+" ") {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// An auditd that comes to a node on which the agent has turned auditing on keeps it when the agent goes.
func TestAuditdThatStartsLater(t *testing.T) {
	n := resume(t, WithAuditd)
	n.sh("systemctl stop auditd && auditctl -e 0")
	n.serve(policy(identity, ""))
	n.await(holds("identity") + " && auditctl -s | grep -q 'enabled 1'")
	n.sh("systemctl start auditd")
	n.await(holds("identity"))
	n.sh("chmod 644 /etc/passwd")
	n.await(`grep -q 'type=SYSCALL.*key="identity"' /var/log/audit/audit.log && grep -q identity /var/log/nodeaudit/audit.log`)
	n.leaveService()
	if code, report := n.release(); code != 0 || n.enabled() != "1" || n.rules() != "" {
		t.Errorf("release: exit status %d, %s; enabled %s, rules %q", code, report.Message, n.enabled(), n.rules())
	}
}

// journald and another client of the multicast group read the same records as the agent and auditd.
func TestOthersReadBesideTheAgent(t *testing.T) {
	n := resume(t, WithAuditd)
	listener := filepath.Join(t.TempDir(), "listener")
	build := exec.Command("go", "build", "-o", listener, "./listener")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := n.Push(within(t), listener, "/usr/local/bin/listener"); err != nil {
		t.Fatal(err)
	}
	n.sh(`printf '[Journal]\nAudit=yes\n' >/etc/systemd/journald.conf.d/audit.conf
systemctl unmask systemd-journald-audit.socket; systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald || true
systemctl start systemd-journald-audit.socket systemd-journald
systemd-run --quiet --unit listener sh -c 'exec listener >/tmp/listener.txt'`)
	n.serve(policy(identity, ""))
	n.await(holds("identity"))
	n.sh("chmod 644 /etc/passwd")
	for _, reader := range []struct{ name, has string }{
		{"the agent", "grep -q identity /var/log/nodeaudit/audit.log"},
		{"auditd", `grep -q 'type=SYSCALL.*key="identity"' /var/log/audit/audit.log`},
		{"the other client", `grep -q '^SYSCALL .*key="identity"' /tmp/listener.txt`},
		{"journald", `journalctl --no-pager _TRANSPORT=audit | grep -q 'SYSCALL.*key="identity"'`},
	} {
		t.Logf("%s has the record after %s", reader.name, n.await(reader.has))
	}
	if code := n.try("systemctl is-active nodeagent listener auditd systemd-journald").Code; code != 0 {
		t.Error("one of them has ended")
	}
}

// Somebody who puts his own rules in place of ours again and again is named, and not fought for ever.
func TestARivalIsNamed(t *testing.T) {
	n := withOwnRules(t)
	n.serve(policy(identity+names, ""))
	n.await(holds("identity", "names"))
	n.sh(`systemd-run --quiet --unit rival sh -c 'while sleep 1; do augenrules --load; done'`)
	report := n.said("the contest", func(r v1alpha1.NodeAuditReport) bool { return r.Drift.Contested != nil })
	c := report.Drift.Contested
	t.Logf("%d things contested after %d repairs, by %s", c.Count, report.Drift.Count, c.By)
	if report.Reason != v1alpha1.ReasonContested || c.By == nil || c.By.Comm != "auditctl" || report.Drift.Count < 5 {
		t.Errorf("state %s (%s): %s; drift %+v", report.State, report.Reason, report.Message, report.Drift)
	}
	if len(report.Conditions) != 1 || report.Conditions[0].Type != v1alpha1.ConditionContested {
		t.Errorf("conditions %+v", report.Conditions)
	}
	left := n.said("that the rules are left alone for a while", func(r v1alpha1.NodeAuditReport) bool {
		return r.Drift.Contested != nil && r.Drift.Contested.NextRepair != nil
	})
	n.sh("systemctl stop rival")
	n.await(holds("identity", "names"))
	t.Logf("the rules are back; the next repair was to be at %s", left.Drift.Contested.NextRepair)
	if diff := cmp.Diff(hosts+identity+names, n.rules()); diff != "" {
		t.Errorf("auditctl -l (-want +got):\n%s", diff)
	}
	if by := fmt.Sprint(c.By); !strings.Contains(by, "rival.service") {
		t.Errorf("the unit of the rival is not named: %s", by)
	}
}
