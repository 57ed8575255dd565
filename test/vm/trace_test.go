//go:build vm

package vm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// What changes by itself on a node: journals, the state of running units, the devices that udev knows.
const restless = `-path /run/log -o -path /run/systemd -o -path /run/udev -o -path /run/utmp -o -path /var/lib/systemd -o -path /run/qemu*`

// traces are what somebody could leave on a host, each by its name: rules, settings, files and units.
func (n node) traces() map[string]string {
	n.t.Helper()
	return map[string]string{
		"kernel": n.kernel(),
		"files": n.sh(`for dir in /etc /var/lib /run; do
	find $dir -xdev \( ` + restless + ` \) -prune -o -type f -printf '%m %U:%G %p %s bytes of %T@\n' -o -printf '%y %m %U:%G %p %l\n'
done | sort`),
		"units":          n.sh("systemctl list-unit-files --no-legend --no-pager | sort"),
		"running":        n.sh("systemctl list-units --no-legend --no-pager --plain --type service,socket,timer,path | grep -v nodeagent | awk '{print $1, $3, $4}' | sort"),
		"other units":    n.sh("find /run/systemd/system /run/systemd/transient /run/systemd/generator* -type f 2>/dev/null | grep -v nodeagent | sort"),
		"the boot":       n.sh("cat /proc/cmdline; sha256sum /boot/grub/grub.cfg /etc/default/grub"),
		"kernel modules": n.sh("lsmod | awk '{print $1}' | sort"),
	}
}

// kernel is what auditctl lists, or where there is none what the agent sees.
func (n node) kernel() string {
	n.t.Helper()
	if n.try("command -v auditctl").Code == 0 {
		return n.rules() + n.settings()
	}
	n.write("/tmp/observe.yaml", strings.Replace(policy(identity, ""), "spec:", "spec:\n  mode: Observe", 1))
	_, report := n.report("nodeagent --policy /tmp/observe.yaml --once -o json --state-dir /tmp/observe")
	report.Kernel.Lost, report.Kernel.Backlog = 0, 0
	return fmt.Sprintf("%+v, %d rules", *report.Kernel, report.Rules.Loaded+report.Rules.Unmanaged)
}

func TestAReleaseLeavesTheHostAsItWas(t *testing.T) {
	for _, row := range []struct {
		saved  string
		before func(node)
	}{
		{WithAuditd, func(n node) {
			n.write("/etc/audit/rules.d/50-host.rules", hosts+"-b 1000\n-f 2\n")
			n.sh("augenrules --load && auditctl -w /etc/shells -p wa -k byhand")
		}},
		{Bare, func(node) {}},
	} {
		t.Run(row.saved, func(t *testing.T) {
			n := resume(t, row.saved)
			row.before(n)
			before := n.traces()

			n.serve(signals(policy(identity+names+hosts, "backlogLimit: 4096, failureMode: Printk, rateLimit: 500")))
			n.said("that the rules are in", func(r v1alpha1.NodeAuditReport) bool {
				return r.State == v1alpha1.NodeInSync && r.Kernel.BacklogLimit == 4096
			})
			n.sh("chmod 644 /etc/passwd")
			n.await("grep -q identity /var/log/nodeaudit/audit.log")
			if cmp.Equal(before, n.traces()) {
				t.Error("the agent is not seen at all, so that the release proves nothing")
			}
			n.leaveService()
			if code, report := n.release(); code != 0 || report.Reason != v1alpha1.ReasonReleased {
				t.Errorf("release: exit status %d, %s", code, report.Message)
			}
			n.sh("systemctl reset-failed")
			if diff := cmp.Diff(before, n.traces()); diff != "" {
				t.Errorf("before and after (-before +after):\n%s", diff)
			}
			if log := n.sh("ls /var/log/nodeaudit"); !strings.Contains(log, "audit.log") {
				t.Errorf("what was recorded is gone: %q", log)
			}
		})
	}
}
