// Package publish tells others what is true on the node.
//
// v1alpha1.NodeAuditReport values come in; they go out as the node's NodeAuditStatus in the cluster, or as text on a host without one. What
// changes is written at once, counters and the heartbeat with the next one that is due. The package adds nothing to a report and never waits
// for the cluster: a newer report takes the place of one that could not be written.
package publish

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// news says whether a reader should know the difference now. Counters and the time of the heartbeat can wait.
func news(last *v1alpha1.NodeAuditReport, report v1alpha1.NodeAuditReport) bool {
	return last == nil || !equality.Semantic.DeepEqual(lasting(*last), lasting(report))
}

// lasting is the report without what changes all the time.
func lasting(report v1alpha1.NodeAuditReport) v1alpha1.NodeAuditReport {
	report.HeartbeatTime = metav1.Time{}
	report.Events = v1alpha1.EventsReport{Who: report.Events.Who}
	if report.Kernel != nil {
		kernel := *report.Kernel
		kernel.Lost, kernel.Backlog = 0, 0
		report.Kernel = &kernel
	}
	report.Sinks = slices.Clone(report.Sinks)
	for i := range report.Sinks {
		counts := &report.Sinks[i]
		counts.Written, counts.Dropped, counts.Queued, counts.QueuedBytes, counts.LastSuccessTime = 0, 0, 0, 0, nil
	}
	report.Logs = slices.Clone(report.Logs)
	for i := range report.Logs {
		report.Logs[i].Latest = v1alpha1.LogCheckpoint{}
	}
	return report
}
