package rollup

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Sink returns the status of the sink. nodes are those whose routes name it.
func Sink(sink *v1alpha1.AuditSink, nodes []Node, clock Clock) v1alpha1.AuditSinkStatus {
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	status := v1alpha1.AuditSinkStatus{ObservedGeneration: sink.Generation}
	status.Nodes.Using = int32(len(nodes))
	silentNodes := 0
	for _, node := range nodes {
		report, found := ofSink(node, sink.Name, clock)
		switch {
		case !found:
			silentNodes++
		case report.LastError == "":
			status.Nodes.Healthy++
		default:
			status.LastError = cmp.Or(status.LastError, fmt.Sprintf("node %s: %s", node.Name, report.LastError))
		}
	}
	ready := sinkReady(status, silentNodes)
	status.Conditions = carry(sink.Status.Conditions, []metav1.Condition{ready}, sink.Generation, clock.Now)
	return status
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
