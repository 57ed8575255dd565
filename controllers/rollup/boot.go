package rollup

import (
	"cmp"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// unverified says what keeps the boot of a node from being proved right, and is empty where nothing does. What was not read is not right.
func unverified(boot *v1alpha1.BootReport, backlogLimit *int64) string {
	if boot == nil {
		return "the agent has not looked at the node's boot"
	}
	for _, line := range []struct {
		name string
		v1alpha1.BootParameters
	}{{"the running kernel", boot.Running}, {"the next boot", boot.Next}} {
		if line.Audit != v1alpha1.BootAuditOn {
			return fmt.Sprintf("audit=1 is %s on the command line of %s%s", line.Audit, line.name, advice(boot))
		}
		if backlogLimit != nil && (line.BacklogLimit == nil || *line.BacklogLimit < *backlogLimit) {
			return fmt.Sprintf("the command line of %s does not have audit_backlog_limit=%d or more", line.name, *backlogLimit)
		}
	}
	return ""
}

// advice is the agent's own word, which knows the boot loader.
func advice(boot *v1alpha1.BootReport) string {
	if len(boot.Findings) == 0 {
		return ""
	}
	return ": " + boot.Findings[0].Message
}

func (f facts) bootVerified() metav1.Condition {
	first := ""
	for _, v := range f.views {
		if v.boot != "" {
			first = cmp.Or(first, fmt.Sprintf("; node %s: %s", v.name, v.boot))
		}
	}
	verified := f.counts.Selected - f.counts.BootNotVerified
	message := fmt.Sprintf("%d of %d nodes run with audit=1 and will do so after their next boot%s", verified, f.counts.Selected, first)
	switch {
	case f.policy.Spec.Boot.Audit != v1alpha1.BootRequired:
		return no(v1alpha1.ConditionBootVerified, v1alpha1.ReasonNotRequested, "the policy does not ask for it (boot.audit); "+message)
	case verified == f.counts.Selected && verified > 0:
		return yes(v1alpha1.ConditionBootVerified, v1alpha1.ReasonBootVerified, message)
	default:
		return no(v1alpha1.ConditionBootVerified, v1alpha1.ReasonBootNotVerified, message)
	}
}
