package compile

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// route compiles the i-th route of the namespace. One that is refused has no sinks.
func (t *tenant) route(object *v1alpha1.AuditRoute, i int, usable map[string]v1alpha1.AuditSinkSpec) (v1alpha1.Route, TenantVerdict) {
	if i >= t.rules.Routes {
		return v1alpha1.Route{}, TenantVerdict{Reason: v1alpha1.ReasonLimitExceeded, Message: fmt.Sprintf(
			"the namespace has more than %d routes, and the oldest count: put several into one, or ask whoever administers nodeaudit", t.rules.Routes)}
	}
	if verdict := ForTenantRoute(object); verdict.Reason != "" {
		return v1alpha1.Route{}, verdict
	}
	made := translated(object)
	remark := t.bound(&made)
	t.stamp(&made)
	var missing []string
	made.Sinks = nil
	for _, name := range object.Spec.Sinks {
		if _, known := usable[name]; known {
			made.Sinks = append(made.Sinks, name)
		} else {
			missing = append(missing, t.lacks(name))
		}
	}
	if len(missing) > 0 {
		return made, TenantVerdict{Reason: v1alpha1.ReasonSinkNotFound, Message: strings.Join(missing, "; ")}
	}
	return made, TenantVerdict{Message: remark}
}

// ForTenantRoute says what is wrong with what the route itself says, whatever else there is, and whatever the platform lets tenants have.
func ForTenantRoute(object *v1alpha1.AuditRoute) TenantVerdict {
	wrong := routeProblems([]v1alpha1.Route{translated(object)})
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("route %q: ", object.Name)+fmt.Sprintf(format, args...))
	}
	checkUsers("match", object.Spec.Match, say)
	for i, m := range object.Spec.Exclude {
		checkUsers(fmt.Sprintf("exclude[%d]", i), m, say)
	}
	if len(wrong) > 0 {
		return TenantVerdict{Reason: v1alpha1.ReasonInvalidRoutes, Message: summary(wrong)}
	}
	return TenantVerdict{}
}

// userID is the schema's pattern of users.
var userID = regexp.MustCompile(`^[0-9]{1,10}$`)

// checkUsers refuses names: who has which name on a node is none of a tenant's business.
func checkUsers(where string, m v1alpha1.TenantMatch, say sayer) {
	for _, user := range m.Users {
		if !userID.MatchString(user) {
			say("%s.users: %q is no number, and names of users are the node's own: write the number that the container's user has on the node", where, user)
		}
	}
}

func (t *tenant) lacks(name string) string {
	if verdict, there := t.verdicts.Sinks[t.key(name)]; there {
		return fmt.Sprintf("sink %s is not in use: %s", name, verdict.Message)
	}
	return fmt.Sprintf("there is no NamespacedAuditSink %s in the namespace %s", name, t.namespace)
}

// stamp makes a route that of the namespace. This, and the agent's own look at each event, is why a tenant gets no other tenant's events: nothing that
// the tenant writes is asked.
func (t *tenant) stamp(route *v1alpha1.Route) {
	route.Name = nodeconfig.TenantRoutePrefix + t.namespace + "/" + route.Name
	route.Match.Namespaces = []string{t.namespace}
	route.Continue = true // a tenant's routes take nothing from each other
}

// translated is the route in the words of a policy's.
func translated(object *v1alpha1.AuditRoute) v1alpha1.Route {
	spec := object.Spec.DeepCopy()
	route := v1alpha1.Route{Name: object.Name, Match: matchOf(spec.Match), Sample: spec.Sample, Aggregate: spec.Aggregate, Sinks: spec.Sinks}
	for _, unwanted := range spec.Exclude {
		route.Exclude = append(route.Exclude, matchOf(unwanted))
	}
	if b := spec.Budget; b != nil {
		route.Budget = &v1alpha1.Budget{Events: b.Events, Per: b.Per, Burst: b.Burst}
	}
	return route
}

func matchOf(m v1alpha1.TenantMatch) v1alpha1.RouteMatch {
	return v1alpha1.RouteMatch{
		Keys: m.Keys, Types: m.Types, Syscalls: m.Syscalls, Result: m.Result, Users: m.Users, Paths: m.Paths, Executables: m.Executables,
		PodLabels: m.PodLabels, CEL: m.CEL,
	}
}

// burstOf is how many seconds' worth of events a tenant may send at once.
const burstOf = 10

// bound keeps the route to what the platform lets it have, and says where it asks for more.
func (t *tenant) bound(route *v1alpha1.Route) string {
	most := v1alpha1.Budget{Events: t.rules.EventsPerSecond, Per: metav1.Duration{Duration: time.Second}, Burst: burstOf * t.rules.EventsPerSecond, By: v1alpha1.BudgetByRoute}
	if route.Budget == nil {
		route.Budget = &most
		return ""
	}
	asked := route.Budget
	asked.By = v1alpha1.BudgetByRoute
	per := cmp.Or(asked.Per.Duration, time.Second)
	if float64(asked.Events)/per.Seconds() > float64(most.Events) {
		route.Budget = &most
		return fmt.Sprintf("the platform lets a route send %d events a second from each node, and the budget is cut to that", most.Events)
	}
	if cmp.Or(asked.Burst, asked.Events) > most.Burst {
		asked.Burst = most.Burst
		return fmt.Sprintf("the platform lets a route send %d events at once from each node, and the budget's burst is cut to that", most.Burst)
	}
	return ""
}
