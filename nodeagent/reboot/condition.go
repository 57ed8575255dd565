package reboot

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// remember is how long a reboot that nobody has acknowledged is told: longer than a long weekend.
const remember = 7 * 24 * time.Hour

// Condition is UnexpectedReboot, or nil: the node was locked, nobody had asked for the reboot, and nobody has acknowledged it. It has no effects.
func Condition(last *v1alpha1.RebootRecord, acknowledged string, now time.Time) *v1alpha1.NodeCondition {
	if last == nil || last.Expected || last.Before != v1alpha1.AuditLocked || acknowledged == last.BootID || now.Sub(last.BootTime.Time) >= remember {
		return nil
	}
	how := "the agent was not asked to end before, as it is in a shutdown"
	if last.Orderly {
		how = "the agent was asked to end before, as it is in a shutdown"
	}
	return &v1alpha1.NodeCondition{
		Type: v1alpha1.ConditionUnexpectedReboot, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonUnexpectedReboot,
		LastTransitionTime: last.BootTime,
		Message: fmt.Sprintf("the node was locked (enabled 2) when the agent last looked, at %s, and was booted anew at %s, although no reboot was "+
			"outstanding; %s. A reboot takes the lock off: find out who did it, then acknowledge it with the annotation %s=%s on this object",
			stamp(last.LastSeen), stamp(last.BootTime), how, v1alpha1.AnnotationAcknowledged, last.BootID),
	}
}

func stamp(t metav1.Time) string { return t.UTC().Format(time.RFC3339) }
