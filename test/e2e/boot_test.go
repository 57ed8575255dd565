//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestAPolicyThatDemandsAuditAtBootIsReadyOnlyWhereItIsProved(t *testing.T) {
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.BootAuditOff
	if slices.Contains(strings.Fields(string(cmdline)), "audit=1") {
		want = v1alpha1.BootAuditOn
	}
	p := policy("boot", "-w /etc/nodeaudit-e2e-boot -p wa -k boot\n")
	p.Spec.Boot.Audit = v1alpha1.BootRequired
	apply(t, p)
	proved := true
	for _, node := range nodes {
		eventually(t, time.Minute, func() error {
			boot := report(t, node).Boot
			if boot == nil {
				return fmt.Errorf("node %s has not looked at its boot", node)
			}
			if boot.Running.Audit != want {
				t.Fatalf("node %s says that the running kernel's audit is %s: %s", node, boot.Running.Audit, cmdline)
			}
			proved = proved && boot.Running.Audit == v1alpha1.BootAuditOn && boot.Next.Audit == v1alpha1.BootAuditOn
			return nil
		})
	}
	eventually(t, time.Minute, func() error {
		if _, err := condition(t.Context(), p, v1alpha1.ConditionReady); err != nil {
			return err
		}
		applied := meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ConditionApplied)
		ready := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady)
		if !applied || ready == nil {
			return fmt.Errorf("conditions are %+v", p.Status.Conditions)
		}
		if (ready.Status == metav1.ConditionTrue) != proved || !proved && ready.Reason != v1alpha1.ReasonBootNotVerified {
			return fmt.Errorf("Ready is %+v, and the boot is proved: %t", ready, proved)
		}
		return nil
	})
}
