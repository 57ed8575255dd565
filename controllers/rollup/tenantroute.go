package rollup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// TenantFleet is the nodes on which routes of tenants work: those that a policy selects.
type TenantFleet struct {
	reporting map[string][]string // the nodes whose reports count, by the digest of the document that each works with, in the order of their names
	silent    []string            // why the reports of others do not count, in the order of the names of their nodes
	failing   map[string][]routeOnNode
}

// routeOnNode is what a node says of a route with which something is wrong there.
type routeOnNode struct {
	node   string
	digest string
	route  v1alpha1.RouteReport
}

// NewTenantFleet reads the reports of all nodes, once for all routes.
func NewTenantFleet(reports []v1alpha1.NodeAuditStatus, clock Clock) TenantFleet {
	fleet := TenantFleet{reporting: map[string][]string{}, failing: map[string][]routeOnNode{}}
	for _, i := range byName(reports) {
		report := &reports[i]
		if len(report.Status.Policies) == 0 {
			continue
		}
		if why := silent(&report.Status, clock); why != "" {
			fleet.silent = append(fleet.silent, fmt.Sprintf("node %s: %s", report.Name, why))
			continue
		}
		digest := report.Status.TenantsDigest
		fleet.reporting[digest] = append(fleet.reporting[digest], report.Name)
		for _, route := range report.Status.Events.Routes {
			if Troubled(route) {
				fleet.failing[route.Name] = append(fleet.failing[route.Name], routeOnNode{report.Name, digest, route})
			}
		}
	}
	return fleet
}

// Troubled says whether a report on a route is one that the status of a tenant's route is made from.
func Troubled(route v1alpha1.RouteReport) bool {
	return route.LastError != "" && strings.HasPrefix(route.Name, nodeconfig.TenantRoutePrefix)
}

// byName is the order of the nodes, whatever that of the cache.
func byName(reports []v1alpha1.NodeAuditStatus) []int {
	order := make([]int, len(reports))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(reports[a].Name, reports[b].Name) })
	return order
}

// TenantRoute returns the status of a tenant's route.
func TenantRoute(route *v1alpha1.AuditRoute, verdict TenantVerdict, fleet TenantFleet, clock Clock) v1alpha1.AuditRouteStatus {
	ready := fleet.ready(nodeconfig.TenantRoutePrefix+route.Namespace+"/"+route.Name, verdict)
	return v1alpha1.AuditRouteStatus{
		ObservedGeneration: route.Generation, Conditions: carry(route.Status.Conditions, []metav1.Condition{ready}, route.Generation, clock.Now),
	}
}

// ready asks in the order in which the answers make the others meaningless, and what needs a person comes before what only needs time. A node counts where it
// has said that it works with the route as it is now; what it says of an earlier one is no answer. One that does not report makes no route fail, unless all
// are so: it may well use it, and its tenants can do nothing about it. Numbers of errors are left out, because they change with every report.
func (f TenantFleet) ready(name string, verdict TenantVerdict) metav1.Condition {
	in, waiting := f.reached(verdict)
	all := in + len(waiting) + len(f.silent)
	broken, partly := f.troubles(name, verdict)
	switch {
	case verdict.Reason != "":
		return no(v1alpha1.ConditionReady, verdict.Reason, verdict.Message)
	case all == 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonNoNodes, "no node that has reported is selected by a policy, so that nothing is recorded which the route could send: ask whoever administers nodeaudit")
	case len(broken) > 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidRoutes, fmt.Sprintf("not in force on %d of %d nodes; node %s: %s", len(broken), all, broken[0].node, broken[0].route.LastError))
	case len(waiting) > 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonProgressing, await(waiting, all))
	case in == 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonNotReporting, fmt.Sprintf("none of the %d nodes that a policy selects reports; %s", all, f.silent[0]))
	}
	remarks := []string{fmt.Sprintf("in force on every node that a policy selects, %d now", all)}
	if len(f.silent) > 0 {
		remarks[0] = fmt.Sprintf("in force on %d of the %d nodes that a policy selects; %s", in, all, f.silent[0])
	}
	if verdict.Message != "" {
		remarks = append(remarks, verdict.Message)
	}
	if len(partly) > 0 {
		remarks = append(remarks, fmt.Sprintf("on %d nodes some events were left out because of an error; node %s: %s", len(partly), partly[0].node, partly[0].route.LastError))
	}
	return yes(v1alpha1.ConditionReady, v1alpha1.ReasonAccepted, strings.Join(remarks, "; "))
}

// reached counts the nodes that have said that they have the object as it is now, and names the others of those that report.
func (f TenantFleet) reached(verdict TenantVerdict) (in int, waiting []string) {
	for digest, nodes := range f.reporting {
		if verdict.holds(digest) {
			in += len(nodes)
		} else {
			waiting = append(waiting, nodes...)
		}
	}
	slices.Sort(waiting)
	return in, waiting
}

// await names nodes that have not said yet that they have the object as it is now. all is how many should.
func await(waiting []string, all int) string {
	names := strings.Join(waiting[:min(len(waiting), maxNodes)], ", ")
	if more := len(waiting) - maxNodes; more > 0 {
		names = fmt.Sprintf("%s and %d more", names, more)
	}
	return fmt.Sprintf("waiting for %d of %d nodes to take it into use: %s", len(waiting), all, names)
}

// troubles are those of the nodes that have the route as it is now: where it cannot match at all, and where it could not be compared with some events.
func (f TenantFleet) troubles(name string, verdict TenantVerdict) (broken, partly []routeOnNode) {
	for _, on := range f.failing[name] {
		switch {
		case !verdict.holds(on.digest):
		case on.route.Errors == 0: // then the error is why it cannot match at all
			broken = append(broken, on)
		default:
			partly = append(partly, on)
		}
	}
	return broken, partly
}
