package reboot

import (
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Need says why the node needs a reboot, empty where it does not, and whether a policy that needs it asks for the sentinel. It has no effects.
func Need(policies []nodeconfig.Policy, report v1alpha1.NodeAuditReport) (reason string, signal bool) {
	if report.Reason == v1alpha1.ReasonRebootPending {
		reason = v1alpha1.ReasonRebootPending // also that of a node which is to be released, and has no policy
	}
	for _, p := range policies {
		own := ofPolicy(p, report)
		if own == "" {
			continue
		}
		if reason == "" || own == v1alpha1.ReasonRebootPending {
			reason = own
		}
		signal = signal || p.RebootSignal == v1alpha1.RebootSignalSentinel
	}
	return reason, signal
}

// ofPolicy is why one policy needs a reboot.
func ofPolicy(p nodeconfig.Policy, report v1alpha1.NodeAuditReport) string {
	if p.Mode == v1alpha1.ModeObserve {
		return ""
	}
	for _, own := range report.Policies {
		if own.Name == p.Name && own.State == v1alpha1.NodeRebootPending {
			return v1alpha1.ReasonRebootPending
		}
	}
	if p.Boot.Audit == v1alpha1.BootRequired && report.Boot != nil && meets(report.Boot.Next, p.Boot) && !meets(report.Boot.Running, p.Boot) {
		return v1alpha1.ReasonBootParameters
	}
	return ""
}

func meets(has v1alpha1.BootParameters, asked v1alpha1.BootSettings) bool {
	enough := asked.BacklogLimit == nil || has.BacklogLimit != nil && *has.BacklogLimit >= *asked.BacklogLimit
	return has.Audit == v1alpha1.BootAuditOn && enough
}
