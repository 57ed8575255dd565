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
	reporting int
	silent    []string // why the reports of others do not count, by the names of their nodes
	failing   map[string][]routeOnNode
}

// routeOnNode is what a node says of a route with which something is wrong there.
type routeOnNode struct {
	node  string
	route v1alpha1.RouteReport
}

// NewTenantFleet reads the reports of all nodes, once for all routes.
func NewTenantFleet(reports []v1alpha1.NodeAuditStatus, clock Clock) TenantFleet {
	fleet := TenantFleet{failing: map[string][]routeOnNode{}}
	for _, i := range byName(reports) {
		report := &reports[i]
		if len(report.Status.Policies) == 0 {
			continue
		}
		if why := silent(&report.Status, clock); why != "" {
			fleet.silent = append(fleet.silent, fmt.Sprintf("node %s: %s", report.Name, why))
			continue
		}
		fleet.reporting++
		for _, route := range report.Status.Events.Routes {
			if Troubled(route) {
				fleet.failing[route.Name] = append(fleet.failing[route.Name], routeOnNode{report.Name, route})
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

// ready asks in the order in which the answers make the others meaningless. A node that does not report makes no route fail: it may well use it, and its
// tenants can do nothing about it. Numbers of errors are left out, because they change with every report.
func (f TenantFleet) ready(name string, verdict TenantVerdict) metav1.Condition {
	var broken, partly []routeOnNode
	for _, on := range f.failing[name] {
		if on.route.Errors == 0 { // then the error is why it cannot match at all
			broken = append(broken, on)
		} else {
			partly = append(partly, on)
		}
	}
	all := f.reporting + len(f.silent)
	switch {
	case verdict.Reason != "":
		return no(v1alpha1.ConditionReady, verdict.Reason, verdict.Message)
	case all == 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonNoNodes, "no node that has reported is selected by a policy, so that nothing is recorded which the route could send: ask whoever administers nodeaudit")
	case len(broken) > 0:
		return no(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidRoutes, fmt.Sprintf("not in force on %d of %d nodes; node %s: %s", len(broken), all, broken[0].node, broken[0].route.LastError))
	}
	remarks := []string{fmt.Sprintf("in force on every node that a policy selects, %d now", all)}
	if len(f.silent) > 0 {
		remarks[0] = fmt.Sprintf("in force on %d of the %d nodes that a policy selects; %s", f.reporting, all, f.silent[0])
	}
	if verdict.Message != "" {
		remarks = append(remarks, verdict.Message)
	}
	if len(partly) > 0 {
		remarks = append(remarks, fmt.Sprintf("on %d nodes some events were left out because of an error; node %s: %s", len(partly), partly[0].node, partly[0].route.LastError))
	}
	return yes(v1alpha1.ConditionReady, v1alpha1.ReasonAccepted, strings.Join(remarks, "; "))
}
