package report

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// maxNote is the API's bound on the note of an Event.
const maxNote = 1024

// announce tells the transitions that somebody may wait for, or must act on: stalled, ready, no longer ready.
func (r *Reconciler) announce(object client.Object, before, after []metav1.Condition) {
	if stalled := meta.FindStatusCondition(after, v1alpha1.ConditionStalled); stalled != nil {
		if was := meta.FindStatusCondition(before, v1alpha1.ConditionStalled); was == nil || was.Message != stalled.Message {
			r.event(object, corev1.EventTypeWarning, stalled.Reason, stalled.Message)
		}
		return
	}
	ready := meta.FindStatusCondition(after, v1alpha1.ConditionReady)
	was := meta.IsStatusConditionTrue(before, v1alpha1.ConditionReady)
	switch is := ready.Status == metav1.ConditionTrue; {
	case is && !was:
		r.event(object, corev1.EventTypeNormal, v1alpha1.ConditionReady, ready.Message)
	case was && !is:
		r.event(object, corev1.EventTypeWarning, ready.Reason, ready.Message)
	}
}

func (r *Reconciler) event(object client.Object, kind, reason, message string) {
	if len(message) > maxNote {
		message = strings.ToValidUTF8(message[:maxNote-len("…")], "") + "…"
	}
	r.log.Info("a condition changed", "name", object.GetName(), "type", kind, "reason", reason, "message", message)
	r.recorder.Eventf(object, nil, kind, reason, "Report", "%s", message)
}
