//go:build e2e && vm

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/test/vm"
)

// guestOnly: what is tried here locks the kernel and changes the boot loader, so the chart puts agents on the virtual machine alone.
const guestOnly = true

// A guest is a virtual machine that is a node of the local cluster. Its kernel, boot loader and lock are its own.
type guest struct {
	*vm.Machine
	t *testing.T
}

// join boots a machine and makes it a node.
func join(t *testing.T) guest {
	t.Helper()
	image, err := vm.Find(root)
	if err != nil {
		t.Fatal("needs the image of make vm-image: ", err)
	}
	archive := filepath.Join(t.TempDir(), "node.tar")
	if err := command("hack/cluster/guest.sh", guestNode, archive); err != nil {
		t.Fatal(err)
	}
	m, err := vm.StartWired(patience(t), image.Disk(), 1024, vm.Wire{Namespace: "nodeaudit", Tap: "to-" + guestNode})
	if err != nil {
		t.Fatal(err)
	}
	g := guest{m, t}
	t.Cleanup(g.leave)
	g.clock()
	if err := m.Push(patience(t), archive, "/var/tmp/node.tar"); err != nil {
		t.Fatal(err)
	}
	g.sh("tar -xf /var/tmp/node.tar -C / --no-same-owner && rm /var/tmp/node.tar && systemctl unmask systemd-networkd.service systemd-networkd.socket systemd-network-generator.service && " +
		"systemctl daemon-reload && systemctl restart systemd-modules-load && systemctl enable cluster-node.target && systemctl --no-block start cluster-node.target")
	return g
}

// leave ends the machine. What it wrote to its serial line is kept where the test has failed.
func (g guest) leave() {
	if serial, err := g.Serial(); g.t.Failed() && err == nil {
		units, _ := g.Sh(context.Background(), "journalctl --no-pager -n 200 -u 'cluster-*' -u nodeaudit-rules -u auditd; systemctl --failed; ip addr")
		file := filepath.Join(root, ".local", "vm-serial-"+g.t.Name()+".log")
		if os.WriteFile(file, append(serial, units.Out...), 0o600) == nil {
			g.t.Logf("what the machine wrote to its serial line, and its journal, are in %s", file)
		}
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: guestNode}}
	if err := errors.Join(g.Stop(), client.IgnoreNotFound(admin.Delete(context.Background(), node))); err != nil {
		g.t.Error(err)
	}
}

// patience is for one step, a boot on a busy machine included.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// sh runs a script in the guest that must succeed, and returns what it wrote.
func (g guest) sh(script string) string {
	g.t.Helper()
	r, err := g.Sh(patience(g.t), script)
	if err != nil || r.Code != 0 {
		g.t.Fatalf("%s: exit status %d, %v\n%s%s", script, r.Code, err, r.Out, r.Err)
	}
	return r.Out
}

// clock sets the guest's clock, which counts instructions, and falls behind where this machine is busy.
func (g guest) clock() {
	g.t.Helper()
	g.sh(fmt.Sprintf("date -s @%.3f", float64(time.Now().UnixMilli())/1000))
}

func (g guest) reboot() {
	g.t.Helper()
	started := time.Now()
	if err := g.Reboot(patience(g.t)); err != nil {
		g.t.Fatal(err)
	}
	g.clock()
	g.t.Logf("the machine has rebooted in %.0f s", time.Since(started).Seconds())
}

// becomes waits for a state of the node and of the policy, which an emulated node reaches slowly.
func (g guest) becomes(what string, p *v1alpha1.AuditPolicy, check func(v1alpha1.NodeAuditReport) bool) v1alpha1.NodeAuditReport {
	g.t.Helper()
	started := time.Now()
	var last v1alpha1.NodeAuditReport
	eventually(g.t, 10*time.Minute, func() error {
		g.clock()
		var status v1alpha1.NodeAuditStatus
		err := admin.Get(g.t.Context(), client.ObjectKey{Name: guestNode}, &status)
		if err == nil && p != nil {
			err = admin.Get(g.t.Context(), client.ObjectKeyFromObject(p), p)
		}
		if err != nil {
			return err
		}
		if last = status.Status; !check(last) {
			conditions := ""
			if p != nil {
				conditions = fmt.Sprintf("%+v", p.Status.Conditions)
			}
			return fmt.Errorf("%s: the node is %s (%s): %s\nboot %+v\nlock %+v\n%s", what, last.State, last.Reason, last.Message, last.Boot, last.Lock, conditions)
		}
		return nil
	})
	g.t.Logf("%s after %.0f s: %s (%s) %s", what, time.Since(started).Seconds(), last.State, last.Reason, last.Message)
	return last
}

// state is that of everything that a release has to give back. augenrules keeps a copy of what it has compiled before.
func (g guest) state() string {
	return g.sh("cd /; sha256sum boot/grub/grub.cfg etc/default/grub; find etc/default/grub.d etc/audit etc/systemd/system -type f ! -name 'cluster-*' ! -name audit.rules.prev -exec sha256sum {} + | sort -k2; " +
		"auditctl -l; auditctl -s | grep -vE '^(pid|lost|backlog|backlog_wait_time_actual) '")
}

// The whole of it on a machine that boots, through the operator alone.
func TestAVirtualMachineGoesAllTheWay(t *testing.T) {
	g := join(t)
	before := g.state()
	p := policy("guest", "-w /etc/shadow -p wa -k identity\n")
	p.Spec.NodeSelector = metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelHostname: guestNode}}
	p.Spec.Boot.Audit = v1alpha1.BootRequired
	if err := admin.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	// The demand: seen to be missing, configured, met by the reboot that the node asks for.
	g.becomes("the boot is seen to lack audit=1", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.State == v1alpha1.NodeInSync && r.Boot != nil && r.Boot.Next.Audit == v1alpha1.BootAuditOff && isFalse(p, v1alpha1.ConditionBootVerified)
	})
	update(t, p, func() {
		p.Spec.Boot.Remediation, p.Spec.Reboot.Signal = v1alpha1.BootConfigure, v1alpha1.RebootSignalSentinel
	})
	r := g.becomes("the boot loader is configured", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.Boot.Next.Audit == v1alpha1.BootAuditOn && r.Reboot != nil && r.Reboot.Signalled
	})
	if isTrue(p, v1alpha1.ConditionReady) || r.Boot.Running.Audit != v1alpha1.BootAuditOff {
		t.Errorf("before the reboot: Ready, running %s", r.Boot.Running.Audit)
	}
	if got := g.sh("cat /run/reboot-required.pkgs"); !strings.HasPrefix(got, "nodeaudit:") {
		t.Errorf("the sentinel says %q", got)
	}
	g.reboot()
	g.becomes("the boot is verified", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.Boot.Running.Audit == v1alpha1.BootAuditOn && r.LastReboot != nil && r.LastReboot.Expected && isTrue(p, v1alpha1.ConditionReady)
	})

	// The lock, and a change that waits for a reboot.
	update(t, p, func() { p.Spec.Kernel.Immutable = true })
	g.becomes("the node is locked", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.Kernel.Enabled == v1alpha1.AuditLocked && r.Lock != nil && r.Lock.Staged && isTrue(p, v1alpha1.ConditionReady) && isTrue(p, v1alpha1.ConditionImmutable)
	})
	update(t, p, func() { p.Spec.Rules = "-w /etc/nodeaudit-guest -p wa -k hosts\n" })
	r = g.becomes("the change waits for a reboot", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.State == v1alpha1.NodeRebootPending && r.Lock.Staged && r.Reboot != nil && r.Reboot.Signalled && len(r.Lock.Missing) == 1
	})
	if len(r.Lock.Superfluous) != 1 || !strings.Contains(r.Lock.Superfluous[0], "/etc/shadow") || !strings.Contains(r.Lock.Missing[0], "/etc/nodeaudit-guest") {
		t.Errorf("missing %q, superfluous %q", r.Lock.Missing, r.Lock.Superfluous)
	}
	g.reboot()
	if got := g.sh("auditctl -s | head -1; auditctl -l"); !strings.Contains(got, "enabled 2") || !strings.Contains(got, "/etc/nodeaudit-guest") || strings.Contains(got, "/etc/shadow") {
		t.Errorf("before the agent is there the boot has %s", got)
	}
	g.becomes("the new rules are locked from the boot on", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.State == v1alpha1.NodeInSync && r.LastReboot != nil && r.LastReboot.Expected && r.Kernel.Enabled == v1alpha1.AuditLocked && isTrue(p, v1alpha1.ConditionReady)
	})
	g.records()

	// A reboot that nobody has asked for is how a lock is taken off.
	g.reboot()
	g.becomes("the reboot is noticed", p, func(r v1alpha1.NodeAuditReport) bool {
		return r.LastReboot != nil && !r.LastReboot.Expected && len(r.Conditions) == 1 && r.Conditions[0].Type == v1alpha1.ConditionUnexpectedReboot
	})

	// Without the policy the host is given back, which a lock delays by one boot.
	if err := admin.Delete(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	g.becomes("the release waits for a reboot", nil, func(r v1alpha1.NodeAuditReport) bool {
		return r.State == v1alpha1.NodeRebootPending && r.Boot.Next.Audit == v1alpha1.BootAuditOff
	})
	g.reboot()
	g.becomes("the host is given back", nil, func(r v1alpha1.NodeAuditReport) bool {
		return r.State == v1alpha1.NodeInSync && r.Kernel.Enabled != v1alpha1.AuditLocked && len(r.Policies) == 0
	})
	if after := g.state(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// records says that an event of a pod of this node is in the node's file, with the pod.
func (g guest) records() {
	g.t.Helper()
	writer(g.t, guestNode, "default", "toucher", "nodeaudit-guest")
	eventually(g.t, 10*time.Minute, func() error {
		g.clock()
		r, err := g.Sh(patience(g.t), `grep -h '"pod":"toucher"' /var/log/nodeaudit/* | grep -m1 '"hosts"'`)
		if err == nil && r.Code != 0 {
			err = errors.New("no event of the pod is in the node's file")
		}
		return err
	})
}

func isTrue(p *v1alpha1.AuditPolicy, kind string) bool {
	c := meta.FindStatusCondition(p.Status.Conditions, kind)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == p.Generation
}

func isFalse(p *v1alpha1.AuditPolicy, kind string) bool {
	c := meta.FindStatusCondition(p.Status.Conditions, kind)
	return c != nil && c.Status == metav1.ConditionFalse && c.ObservedGeneration == p.Generation
}
