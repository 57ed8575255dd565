package report

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

const (
	// tellEvery is the shortest time between two Events about drift on one node: what comes between is told with the next.
	tellEvery = time.Minute
	// mostNodes is how many Events about nodes one look makes. The rest waits for the next look.
	mostNodes = 50
	// recent is how old a reboot may be that is told of a node which was not known before: after a start of the controller.
	recent = time.Hour
)

// told is what Events have said of a node.
type told struct {
	object    types.UID
	drift     int64
	at        time.Time // of the last Event about drift
	reboot    string
	contested bool
}

// note is an Event to be made.
type note struct{ reason, message string }

// nodes makes the Events about nodes, and says whether some are still to be told.
func (r *Reconciler) nodes(world *observe.World, now time.Time) (more bool) {
	made, known := 0, make(map[string]told, len(world.Nodes))
	for _, node := range world.Nodes {
		if node.Object == nil {
			continue
		}
		before, is := r.told[node.Name]
		if !is || before.object != node.Object.UID {
			before = first(node.Object, now)
		}
		if made >= mostNodes {
			known[node.Name], more = before, true
			continue
		}
		after, notes, waits := tell(before, node.Object.Status, now)
		known[node.Name], more = after, more || waits
		for _, n := range notes {
			made++
			r.event(node.Object, corev1.EventTypeWarning, n.reason, n.message)
		}
	}
	r.told = known
	return more
}

// first is what counts as told of a node that was not known before: what may have been told by an earlier controller.
func first(object *v1alpha1.NodeAuditStatus, now time.Time) told {
	t := told{object: object.UID, drift: object.Status.Drift.Count, contested: object.Status.Drift.Contested != nil}
	if last := object.Status.LastReboot; last != nil && now.Sub(last.BootTime.Time) > recent {
		t.reboot = last.BootID
	}
	return t
}

// tell says what is new on a node, and whether something is to be told later. It has no effects.
func tell(before told, report v1alpha1.NodeAuditReport, now time.Time) (after told, notes []note, later bool) {
	after = before
	if c := unexpected(report); c != nil && report.LastReboot != nil && before.reboot != report.LastReboot.BootID {
		after.reboot = report.LastReboot.BootID
		notes = append(notes, note{v1alpha1.ReasonUnexpectedReboot, c.Message})
	}
	if c := report.Drift.Contested; (c != nil) != before.contested {
		if after.contested = c != nil; c != nil {
			notes = append(notes, note{v1alpha1.ReasonContested, fmt.Sprintf(
				"%d rules and settings are undone again and again, last by %s: they are repaired less and less often", c.Count, c.By)})
		}
	}
	switch news := report.Drift.Count - before.drift; {
	case news < 0: // another boot
		after.drift = 0
		if report.Drift.Count > 0 {
			return tell(after, report, now)
		}
	case news > 0 && now.Sub(before.at) < tellEvery:
		later = true
	case news > 0:
		after.drift, after.at = report.Drift.Count, now
		notes = append(notes, note{v1alpha1.ReasonDrift, fmt.Sprintf("repaired what others had changed, %s: %s; by %s",
			times(news), report.Drift.LastMessage, report.Drift.LastBy)})
	}
	return after, notes, later
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times, the last", n)
}

func unexpected(report v1alpha1.NodeAuditReport) *v1alpha1.NodeCondition {
	for i, c := range report.Conditions {
		if c.Type == v1alpha1.ConditionUnexpectedReboot {
			return &report.Conditions[i]
		}
	}
	return nil
}
