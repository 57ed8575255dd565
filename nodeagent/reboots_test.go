package nodeagent

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/reboot"
)

// pending is the report on a locked node with another configuration, of a policy that wants that to be told.
func pending() (v1alpha1.NodeAuditReport, nodeconfig.Config) {
	return v1alpha1.NodeAuditReport{
		State: v1alpha1.NodeRebootPending, Reason: v1alpha1.ReasonRebootPending, ConfigDigest: "digest",
		Kernel:   &v1alpha1.KernelReport{Enabled: v1alpha1.AuditLocked},
		Policies: []v1alpha1.NodePolicyReport{{Name: "p", State: v1alpha1.NodeRebootPending}},
	}, nodeconfig.Config{Policies: []nodeconfig.Policy{{Name: "p", RebootSignal: v1alpha1.RebootSignalSentinel}}}
}

// booted is the agent on a boot of a node.
func booted(t *testing.T, root, state, bootID string) *reboots {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := newReboots(Options{HostRoot: root, RunDir: filepath.Join(root, "run"), StateDir: state, Log: slog.New(slog.DiscardHandler)}, bootID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func signalled(root string) bool {
	_, err := os.Stat(filepath.Join(root, "run/reboot-required"))
	return err == nil
}

func TestARebootThatIsNeededIsToldAndThenExpected(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	report, config := pending()
	r := booted(t, root, state, "one")
	r.complete(&report, config, "")
	if !signalled(root) || report.Reboot == nil || !report.Reboot.Signalled || report.LastReboot != nil || len(report.Conditions) != 0 {
		t.Errorf("report %+v, %+v, %+v", report.Reboot, report.LastReboot, report.Conditions)
	}

	if err := os.RemoveAll(filepath.Join(root, "run")); err != nil { // as a reboot does
		t.Fatal(err)
	}
	r = booted(t, root, state, "two")
	good := v1alpha1.NodeAuditReport{State: v1alpha1.NodeInSync, ConfigDigest: "digest", Kernel: &v1alpha1.KernelReport{Enabled: v1alpha1.AuditLocked}}
	r.complete(&good, config, "")
	if last := good.LastReboot; last == nil || !last.Expected || last.Reasons[0] != "RebootPending" || last.Before != v1alpha1.AuditLocked || len(good.Conditions) != 0 {
		t.Errorf("reboot %+v, conditions %+v", last, good.Conditions)
	}

	// Nothing is outstanding now.
	r = booted(t, root, state, "three")
	good.Conditions = nil
	r.complete(&good, config, "")
	if len(good.Conditions) != 1 || good.Conditions[0].Type != v1alpha1.ConditionUnexpectedReboot || good.LastReboot.Expected {
		t.Errorf("reboot %+v, conditions %+v", good.LastReboot, good.Conditions)
	}
	good.Conditions = nil
	r.complete(&good, config, "three")
	if len(good.Conditions) != 0 {
		t.Errorf("acknowledged, and still %+v", good.Conditions)
	}
}

func TestWhatIsNoLongerNeededIsTakenBack(t *testing.T) {
	root := t.TempDir()
	report, config := pending()
	r := booted(t, root, t.TempDir(), "one")
	r.complete(&report, config, "")
	again, _ := pending()
	r.complete(&again, nodeconfig.Config{Policies: []nodeconfig.Policy{{Name: "p"}}}, "")
	if signalled(root) || again.Reboot == nil || again.Reboot.Signalled || again.Reboot.Message != "" {
		t.Errorf("the policy asks for it no longer: %+v", again.Reboot)
	}
}

// A node must not be rebooted in a circle.
func TestARebootThatDoesNotHelpIsToldOnce(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	for i, boot := range []string{"one", "two", "three"} {
		_ = os.RemoveAll(filepath.Join(root, "run"))
		report, config := pending()
		r := booted(t, root, state, boot)
		r.complete(&report, config, "")
		if got := signalled(root); got != (i == 0) || (report.Reboot.Message == "") != (i == 0) {
			t.Errorf("boot %s: signalled %v, %+v", boot, got, report.Reboot)
		}
		report.ConfigDigest, report.Reboot = "other", nil
		if i == 2 {
			if r.complete(&report, config, ""); !signalled(root) {
				t.Error("for another configuration it is not told")
			}
			good := v1alpha1.NodeAuditReport{State: v1alpha1.NodeInSync, ConfigDigest: "digest"}
			r.complete(&good, config, "")
			report.ConfigDigest, report.Reboot = "digest", nil
			if r.complete(&report, config, ""); !signalled(root) {
				t.Error("a need that was gone and comes again is not told")
			}
		}
	}
}

func TestWithoutItsFolderTheAgentSaysSo(t *testing.T) {
	report, config := pending()
	r := booted(t, t.TempDir(), t.TempDir(), "one")
	r.sentinel = reboot.Sentinel{}
	r.complete(&report, config, "")
	if report.Reboot.Signalled || report.Reboot.Message != reboot.ErrNoDir.Error() {
		t.Errorf("report %+v", report.Reboot)
	}
}
