//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// The policy is still there when the chart goes: the hook of the chart must release the nodes, not the deletion of policies.
func TestUninstallingTheChartTakesTheRulesOut(t *testing.T) {
	p := create(t, "uninstalled", "-w /etc/nodeaudit-e2e-uninstalled -p wa -k uninstalled\n")
	ready(t, p)
	if err := uninstall(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := install(); err != nil {
			t.Error(err)
		}
	})
	if err := absent("uninstalled"); err != nil {
		t.Error(err)
	}
	for _, kind := range []string{nodeconfig.KindNode, nodeconfig.KindRules} {
		var left corev1.ConfigMapList
		if err := admin.List(t.Context(), &left, client.InNamespace(namespace), client.MatchingLabels{nodeconfig.KindLabel: kind}); err != nil {
			t.Fatal(err)
		}
		if len(left.Items) > 0 {
			t.Errorf("%d config maps of kind %s are left", len(left.Items), kind)
		}
	}
	eventually(t, 30*time.Second, func() error {
		var left v1alpha1.NodeAuditStatusList
		if err := admin.List(t.Context(), &left); err != nil {
			return err
		}
		if len(left.Items) > 0 {
			return fmt.Errorf("%d reports are left", len(left.Items))
		}
		return nil
	})
}
