//go:build vm

package vm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// configuring is a policy that wants the boot loader configured.
func configuring(rules string) string {
	return strings.Replace(policy(rules, ""), "spec:\n", "spec:\n  boot: {audit: Required, remediation: Configure}\n", 1)
}

const cmdline = "cat /proc/cmdline"

func TestAuditIsGivenToTheBootLoaderAndTakenOutAgain(t *testing.T) {
	n := resume(t, WithAuditd)
	if strings.Contains(n.sh(cmdline+" /boot/grub/grub.cfg /etc/default/grub"), "audit=1") {
		t.Fatal("the node has audit=1 already")
	}
	before := n.sh("cat /boot/grub/grub.cfg")
	n.write("/var/tmp/policy.yaml", configuring(names))
	const once = "nodeagent --policy /var/tmp/policy.yaml --once -o json"
	_, report := n.report(once)
	n.expectBoot(report, v1alpha1.BootConfigured, v1alpha1.BootAuditOff, v1alpha1.BootAuditOn)
	changed := n.sh("grep -c 'linux.* audit=1 audit_backlog_limit=8192' /boot/grub/grub.cfg; stat -c %y /boot/grub/grub.cfg")
	if _, report := n.report(once); report.Boot.Remediation == nil || report.Boot.Remediation.State != v1alpha1.BootConfigured {
		t.Errorf("the second time: %+v", report.Boot.Remediation)
	}
	if diff := cmp.Diff(changed, n.sh("grep -c 'linux.* audit=1 audit_backlog_limit=8192' /boot/grub/grub.cfg; stat -c %y /boot/grub/grub.cfg")); diff != "" {
		t.Errorf("the second time it is written again (-before +after):\n%s", diff)
	}

	// A service of the boot, to be recorded with nobody's help but the host's own auditd.
	n.write("/etc/systemd/system/early.service", "[Unit]\nDefaultDependencies=no\nAfter=local-fs.target auditd.service\nBefore=sysinit.target\n"+
		"[Service]\nType=oneshot\nExecStart=/bin/hostname early\n[Install]\nWantedBy=sysinit.target\n")
	n.write("/etc/audit/rules.d/50-host.rules", names)
	n.sh("systemctl --quiet enable early.service")
	n.reboot()
	if line := n.sh(cmdline); !strings.Contains(line, " audit=1 audit_backlog_limit=8192") {
		t.Errorf("the kernel was started with %s", line)
	}
	_, report = n.report(once)
	n.expectBoot(report, v1alpha1.BootConfigured, v1alpha1.BootAuditOn, v1alpha1.BootAuditOn)
	if b := report.Boot.Beginning; b == nil || b.Coverage != v1alpha1.BootFromTheStart || b.Lost != 0 {
		t.Errorf("beginning: %+v", b)
	} else {
		t.Logf("beginning: %s: %s", b.Coverage, b.Message)
	}
	n.sh(`grep 'type=SYSCALL .*comm="hostname".*key="names"' /var/log/audit/audit.log`)

	// The rest of the kernels' entries differ when somebody edits one: told, and put right.
	n.sh(`sed -i '0,/ audit=1/s/ audit=1//' /boot/grub/grub.cfg`)
	n.write("/tmp/report.yaml", policy(names, ""))
	if _, report := n.report("nodeagent --policy /tmp/report.yaml --state-dir /tmp/other --once -o json"); report.Boot.Next.Audit == v1alpha1.BootAuditOn {
		t.Errorf("an entry without audit=1 is not noticed: %+v", report.Boot)
	}
	_, report = n.report(once)
	n.expectBoot(report, v1alpha1.BootConfigured, v1alpha1.BootAuditOn, v1alpha1.BootAuditOn)

	if code, report := n.release(); code != 0 || report.Reason != v1alpha1.ReasonReleased || report.Boot.Remediation != nil {
		t.Errorf("release: exit status %d, %s: %s, %+v", code, report.Reason, report.Message, report.Boot.Remediation)
	}
	if diff := cmp.Diff(before, n.sh("cat /boot/grub/grub.cfg")); diff != "" {
		t.Errorf("grub.cfg before and after (-before +after):\n%s", diff)
	}
	n.sh("! ls /etc/default/grub.d/99-nodeaudit.cfg /var/lib/nodeaudit/bootloader.json 2>/dev/null")
	n.reboot()
	if line := n.sh(cmdline); strings.Contains(line, "audit=1") {
		t.Errorf("after the release the kernel was started with %s", line)
	}
}

func (n node) expectBoot(report v1alpha1.NodeAuditReport, state v1alpha1.BootRemediationState, running, next v1alpha1.BootAudit) {
	n.t.Helper()
	b := report.Boot
	if b.Remediation == nil || b.Remediation.State != state || b.Running.Audit != running || b.Next.Audit != next {
		n.t.Errorf("boot: %+v, remediation %+v, want %s, running %s, next %s", b, b.Remediation, state, running, next)
	}
}

// Entries that only some have: one of a submenu, as somebody who tries a new kernel leaves it.
func TestEntriesThatDifferAreReported(t *testing.T) {
	n := resume(t, WithAuditd)
	n.sh(`sed -i '/^[[:space:]]*linux[[:space:]]/ s/$/ audit=1 audit_backlog_limit=8192/' /boot/grub/grub.cfg
cat >>/boot/grub/grub.cfg <<'EOF'
menuentry 'a kernel on trial' {
	linux /boot/vmlinuz-trial root=/dev/vda1 ro
}
EOF`)
	_, report := n.once(identity, "")
	if report.Boot.Next.Audit != v1alpha1.BootAuditMixed {
		t.Errorf("the next boot is %s, findings %+v", report.Boot.Next.Audit, report.Boot.Findings)
	}
	// What somebody has set to the opposite is not edited.
	n.sh(`echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX audit=0"' >>/etc/default/grub`)
	before := n.sh("cat /boot/grub/grub.cfg /etc/default/grub | sha256sum")
	n.write("/var/tmp/policy.yaml", configuring(identity))
	_, report = n.report("nodeagent --policy /var/tmp/policy.yaml --once -o json")
	if r := report.Boot.Remediation; r == nil || r.State != v1alpha1.BootRefused || !strings.Contains(r.Message, "/etc/default/grub has audit=0") {
		t.Errorf("remediation: %+v", r)
	}
	if after := n.sh("cat /boot/grub/grub.cfg /etc/default/grub | sha256sum"); after != before {
		t.Error("files were changed")
	}
}

// The node is made one of systemd-boot, whose entries systemd's own kernel-install writes. Only its firmware is missing.
func TestKernelInstallBringsAuditToTheEntriesOfSystemdBoot(t *testing.T) {
	n := resume(t, WithAuditd)
	n.sh(`rm -r /boot/grub /etc/default/grub /etc/grub.d
v=$(uname -r) && cp /boot/vmlinuz-$v /usr/lib/modules/$v/vmlinuz
mkdir -p /boot/loader/entries /boot/$(cat /etc/machine-id) /etc/kernel
echo 'timeout 3' >/boot/loader/loader.conf
echo 'root=LABEL=node ro  console=ttyS0' >/etc/kernel/cmdline
kernel-install add $v /usr/lib/modules/$v/vmlinuz`)
	const entries = "grep ^options /boot/loader/entries/*.conf; cat /etc/kernel/cmdline"
	before := n.sh(entries)
	n.write("/var/tmp/policy.yaml", configuring(identity))
	const once = "nodeagent --policy /var/tmp/policy.yaml --once -o json"
	for range 2 {
		_, report := n.report(once)
		n.expectBoot(report, v1alpha1.BootConfigured, v1alpha1.BootAuditOff, v1alpha1.BootAuditOn)
	}
	if after := n.sh(entries); strings.Count(after, " audit=1 audit_backlog_limit=8192") != 2 {
		t.Errorf("entries and line:\n%s", after)
	}
	if code, report := n.release(); code != 0 || report.Boot.Remediation != nil {
		t.Errorf("release: exit status %d, %s: %s, %+v", code, report.Reason, report.Message, report.Boot.Remediation)
	}
	if diff := cmp.Diff(before, n.sh(entries)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}
