package compile

import (
	"testing"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestFromWhereRecordsComeIsSaidByTheFirstPolicyThatSays(t *testing.T) {
	says := func(name string, priority int32, from v1alpha1.Collect, mode v1alpha1.Mode) v1alpha1.AuditPolicy {
		return policy(name, "", func(p *v1alpha1.AuditPolicy) { p.Spec.Priority, p.Spec.Collect, p.Spec.Mode = priority, from, mode })
	}
	tests := []struct {
		name     string
		policies []v1alpha1.AuditPolicy
		want     v1alpha1.Collect
	}{
		{"no policy says", []v1alpha1.AuditPolicy{says("a", 0, "", "")}, ""},
		{"Auto says nothing", []v1alpha1.AuditPolicy{says("a", 9, v1alpha1.CollectAuto, ""), says("b", 0, v1alpha1.CollectUnicast, "")}, v1alpha1.CollectUnicast},
		{"the highest priority wins", []v1alpha1.AuditPolicy{says("a", 0, v1alpha1.CollectUnicast, ""), says("b", 1, v1alpha1.CollectOff, "")}, v1alpha1.CollectOff},
		{"who observes has no say", []v1alpha1.AuditPolicy{
			says("a", 1, v1alpha1.CollectUnicast, v1alpha1.ModeObserve), says("b", 0, v1alpha1.CollectMulticast, ""),
		}, v1alpha1.CollectMulticast},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config, _, _ := ForNode(linuxNode, test.policies, nil, nil)
			if config.Collect != test.want {
				t.Errorf("collect %q, want %q", config.Collect, test.want)
			}
		})
	}
}
