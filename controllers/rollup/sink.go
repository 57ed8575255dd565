package rollup

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Sink returns the status of the sink. nodes are those whose routes name it.
func Sink(sink *v1alpha1.AuditSink, nodes []Node, clock Clock) v1alpha1.AuditSinkStatus {
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	status := v1alpha1.AuditSinkStatus{ObservedGeneration: sink.Generation}
	status.Nodes.Using = int32(len(nodes))
	delivery := v1alpha1.SinkDelivery{CountedAt: metav1.NewTime(clock.Now.Truncate(time.Second))}
	silentNodes := 0
	for _, node := range nodes {
		report, found := ofSink(node, sink.Name, clock)
		add(&delivery, report)
		switch {
		case !found:
			silentNodes++
		case report.LastError == "":
			status.Nodes.Healthy++
		default:
			status.LastError = cmp.Or(status.LastError, fmt.Sprintf("node %s: %s", node.Name, report.LastError))
		}
	}
	if len(nodes) > 0 {
		status.Delivery = &delivery
	}
	ready := sinkReady(status, silentNodes)
	ready.Message += remarks(&sink.Spec)
	status.Conditions = carry(sink.Status.Conditions, []metav1.Condition{ready}, sink.Generation, clock.Now)
	return settled(sink.Status, status)
}

// recount is how old the numbers of a status may be. They change with every report of every node, and would be written with each.
const recount = 30 * time.Second

// settled keeps the numbers of the status before, where they are young and nothing else has changed.
func settled(before, status v1alpha1.AuditSinkStatus) v1alpha1.AuditSinkStatus {
	if before.Delivery == nil || status.Delivery == nil || status.Delivery.CountedAt.Sub(before.Delivery.CountedAt.Time).Abs() >= recount {
		return status
	}
	same := status
	same.Delivery = before.Delivery
	if equality.Semantic.DeepEqual(before, same) {
		return same
	}
	return status
}

func add(delivery *v1alpha1.SinkDelivery, report v1alpha1.SinkReport) {
	delivery.Written += report.Written
	delivery.Dropped += report.Dropped
	delivery.Backlog += report.Queued
	delivery.BacklogBytes += report.QueuedBytes
	if at := report.LastSuccessTime; at != nil && (delivery.LastSuccessTime == nil || delivery.LastSuccessTime.Before(at)) {
		delivery.LastSuccessTime = at
	}
}

// remarks warn of what somebody on the way could do with the sink's events and credentials.
func remarks(spec *v1alpha1.AuditSinkSpec) string {
	text := ""
	if tls := spec.TLS(); tls != nil && tls.InsecureSkipVerify {
		text += "; insecureSkipVerify is set: whoever is on the way can read and change everything"
	}
	if spec.Plain() {
		text += "; credentials and events travel without TLS: whoever is on the way can read them"
	}
	return text
}

// ofSink finds what the node reports of the sink, if its report counts and speaks of the configuration that the node should have.
func ofSink(node Node, sink string, clock Clock) (v1alpha1.SinkReport, bool) {
	if silent(node.Report, clock) != "" || node.Report.ConfigDigest != node.Desired {
		return v1alpha1.SinkReport{}, false
	}
	i := slices.IndexFunc(node.Report.Sinks, func(s v1alpha1.SinkReport) bool { return s.Name == sink })
	if i < 0 {
		return v1alpha1.SinkReport{}, false
	}
	return node.Report.Sinks[i], true
}

func sinkReady(status v1alpha1.AuditSinkStatus, silentNodes int) metav1.Condition {
	using, healthy := status.Nodes.Using, status.Nodes.Healthy
	switch {
	case using == 0:
		return yes(v1alpha1.ConditionReady, v1alpha1.ReasonNotRequested, "no route of a policy with nodes names the sink")
	case status.LastError != "":
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonSinkFailing, fmt.Sprintf("%d of %d nodes can write; %s", healthy, using, status.LastError))
	case silentNodes > 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonNotReporting, fmt.Sprintf("%d of %d nodes have not yet reported on the sink", silentNodes, using))
	default:
		return yes(v1alpha1.ConditionReady, v1alpha1.ReasonRouted, fmt.Sprintf("all %d nodes can write", using))
	}
}
