//go:build vm

package vm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// withOwnRules resumes a node whose admin has rules and settings in the files of its auditd.
func withOwnRules(t *testing.T) node {
	t.Helper()
	n := resume(t, WithAuditd)
	n.write("/etc/audit/rules.d/50-host.rules", hosts+"-b 1000\n-f 2\n")
	n.sh("augenrules --load")
	if got := n.rules(); got != hosts {
		t.Fatalf("augenrules has loaded %q", got)
	}
	return n
}

func TestAReleaseRestoresWhatAHostsAuditdHadLoaded(t *testing.T) {
	n := withOwnRules(t)
	rules, settings := n.rules(), n.settings()

	code, report := n.once(identity+names+hosts, "backlogLimit: 4096, failureMode: Printk, rateLimit: 100")
	if code != 0 || report.State != v1alpha1.NodeInSync {
		t.Errorf("exit status %d, state %s: %s", code, report.State, report.Message)
	}
	if diff := cmp.Diff(identity+names+hosts, n.rules()); diff != "" {
		t.Errorf("auditctl -l with the policy (-want +got):\n%s", diff)
	}
	if n.settings() == settings {
		t.Error("the policy has changed no setting, so that the release proves nothing")
	}
	// Another policy in between: what was found first is what counts.
	if code, report := n.once(identity, "backlogLimit: 5000"); code != 0 {
		t.Errorf("exit status %d, state %s: %s", code, report.State, report.Message)
	}

	if code, report := n.release(); code != 0 || report.Reason != v1alpha1.ReasonReleased {
		t.Errorf("release: exit status %d, state %s: %s", code, report.State, report.Message)
	}
	if diff := cmp.Diff(rules, n.rules()); diff != "" {
		t.Errorf("auditctl -l before and after (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(settings, n.settings()); diff != "" {
		t.Errorf("auditctl -s before and after (-before +after):\n%s", diff)
	}
	if state := n.sh("systemctl is-active auditd"); state != "active\n" {
		t.Errorf("auditd is %s", state)
	}
}

func TestRulesComeBackAfterAugenrules(t *testing.T) {
	n := withOwnRules(t)
	n.write("/tmp/policy.yaml", policy(identity+names, "backlogLimit: 4096"))
	n.sh("systemd-run --quiet --unit nodeagent nodeagent --policy /tmp/policy.yaml --interval 1h")
	await := func(what string) string { // with the time on the guest's clock
		t.Helper()
		return strings.TrimSpace(n.sh(fmt.Sprintf(`begun=$(date +%%s%%N)
for i in $(seq 600); do
	if %s; then echo $((($(date +%%s%%N) - begun) / 1000000)) ms; exit; fi
	sleep 0.05
done
journalctl --no-pager --unit nodeagent >&2; auditctl -l >&2; auditctl -s >&2; exit 1`, what)))
	}
	const complete = `auditctl -l | grep -q identity && auditctl -l | grep -q names && auditctl -s | grep -q 'backlog_limit 4096'`
	t.Logf("rules and settings are in after %s", await(complete))

	n.sh("augenrules --load") // deletes every rule and sets -b 1000
	t.Logf("rules and settings are back %s after augenrules has ended", await(complete))
	if diff := cmp.Diff(hosts+identity+names, n.rules()); diff != "" {
		t.Errorf("auditctl -l (-want +got):\n%s", diff)
	}
	t.Logf("the drift is reported after %s", await(`journalctl --unit nodeagent | grep -q 'drift:'`))
}
