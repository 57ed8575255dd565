package rollup

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// TenantVerdict is what the compiler says of an object of a tenant.
type TenantVerdict struct {
	// Reason is empty where it is in use, whole.
	Reason string
	// Message says what is wrong, or a remark.
	Message string
	// Used says of a sink that a route names it.
	Used bool
	// Holds says of the digest of a document whether a node that works with it has the object as it is now. Nil is never.
	Holds func(digest string) bool
}

func (v TenantVerdict) holds(digest string) bool { return v.Holds != nil && v.Holds(digest) }

// TenantReport is what one node says of one sink of a tenant.
type TenantReport struct {
	// Node is its name, and Digest that of the document with which it works.
	Node, Digest string
	// Sink is what it says.
	Sink v1alpha1.SinkReport
}

// TenantNodes returns what the nodes whose reports count say of each sink of a tenant, by namespace/name.
func TenantNodes(reports []v1alpha1.NodeAuditStatus, clock Clock) map[string][]TenantReport {
	all := map[string][]TenantReport{}
	for i := range reports {
		if silent(&reports[i].Status, clock) != "" {
			continue
		}
		for _, sink := range reports[i].Status.TenantSinks {
			all[sink.Name] = append(all[sink.Name], TenantReport{reports[i].Name, reports[i].Status.TenantsDigest, sink})
		}
	}
	return all
}

// TenantSink returns the status of a tenant's sink. nodes are those that have had something to do with it. Where one of them still works with an earlier
// spec, its error says nothing of this one.
func TenantSink(sink *v1alpha1.NamespacedAuditSink, verdict TenantVerdict, nodes []TenantReport, fleet TenantFleet, clock Clock) v1alpha1.AuditSinkStatus {
	status := v1alpha1.AuditSinkStatus{ObservedGeneration: sink.Generation}
	delivery := v1alpha1.SinkDelivery{CountedAt: metav1.NewTime(clock.Now.Truncate(time.Second))}
	first := ""
	for _, node := range nodes {
		status.Nodes.Using++
		add(&delivery, node.Sink)
		switch {
		case verdict.Used && !verdict.holds(node.Digest):
		case node.Sink.LastError == "":
			status.Nodes.Healthy++
		case first == "" || node.Node < first:
			first, status.LastError = node.Node, fmt.Sprintf("node %s: %s", node.Node, node.Sink.LastError)
		}
	}
	if len(nodes) > 0 {
		status.Delivery = &delivery
	}
	ready := tenantSinkReady(status, verdict, fleet)
	ready.Message += remarks(&sink.Spec)
	status.Conditions = carry(sink.Status.Conditions, []metav1.Condition{ready}, sink.Generation, clock.Now)
	return settledTenant(sink.Status, status)
}

func tenantSinkReady(status v1alpha1.AuditSinkStatus, verdict TenantVerdict, fleet TenantFleet) metav1.Condition {
	using, healthy := status.Nodes.Using, status.Nodes.Healthy
	in, waiting := fleet.reached(verdict)
	switch {
	case verdict.Reason != "":
		return no(v1alpha1.ConditionReady, verdict.Reason, verdict.Message)
	case !verdict.Used:
		return yes(v1alpha1.ConditionReady, v1alpha1.ReasonNotRequested, "no AuditRoute of the namespace that is in use names the sink")
	case status.LastError != "":
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonSinkFailing, fmt.Sprintf("%d of %d nodes can write; %s", healthy, using, status.LastError))
	case len(waiting) > 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonProgressing, await(waiting, in+len(waiting)+len(fleet.silent)))
	case using == 0:
		return yes(v1alpha1.ConditionReady, v1alpha1.ReasonAccepted, "no pod of the namespace has had an event for it yet")
	default:
		return yes(v1alpha1.ConditionReady, v1alpha1.ReasonRouted, fmt.Sprintf("all %d nodes that had events can write", using))
	}
}

// settledTenant keeps the numbers of the status before, where they are young and nothing else has changed, and their time where they have not changed
// at all.
func settledTenant(before, status v1alpha1.AuditSinkStatus) v1alpha1.AuditSinkStatus {
	if before.Delivery != nil && status.Delivery != nil {
		same := *status.Delivery
		same.CountedAt = before.Delivery.CountedAt
		if equality.Semantic.DeepEqual(*before.Delivery, same) {
			status.Delivery = before.Delivery
		}
	}
	return settled(before, status)
}
