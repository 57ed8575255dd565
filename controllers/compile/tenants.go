package compile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// TenantRules are what the platform lets tenants have.
type TenantRules struct {
	// Destinations are those that sinks may reach.
	Destinations []allow.Destination
	// Routes is how many routes a namespace may have.
	Routes int
	// QueueBytes is how much the queues of a namespace may hold together on each node.
	QueueBytes int64
	// EventsPerSecond is how many events each route may let through on each node.
	EventsPerSecond int32
}

// TenantVerdict is what the compiler says of one object of a tenant.
type TenantVerdict struct {
	// Reason is empty where the object is in use, and a reason of conditions where it is not, or not whole.
	Reason string
	// Message says what is wrong and what to do, or, where nothing is, what the platform has cut off.
	Message string
	// Used says of a sink that a route in use names it.
	Used bool
}

// TenantVerdicts are those on all objects of tenants.
type TenantVerdicts struct {
	// Routes and Sinks have one for each object.
	Routes, Sinks map[nodeconfig.TenantKey]TenantVerdict
}

// What all tenants together, and each of them, may take of the one ConfigMap, which holds 1 MiB.
const (
	maxTenants = 900 << 10
	maxTenant  = 64 << 10
)

// Tenants compiles what tenants ask for. What is wrong is left out, and its verdict says so; the rest of the namespace, and other namespaces, go on. No
// namespace's object has a say in another one's: not a name, not an expression, not a Secret. Of too many objects the oldest count.
func Tenants(routes []v1alpha1.AuditRoute, sinks []v1alpha1.NamespacedAuditSink, rules TenantRules) (nodeconfig.Tenants, TenantVerdicts) {
	verdicts := TenantVerdicts{Routes: map[nodeconfig.TenantKey]TenantVerdict{}, Sinks: map[nodeconfig.TenantKey]TenantVerdict{}}
	document := nodeconfig.Tenants{Destinations: rules.Destinations}
	allowed, err := allow.New(rules.Destinations)
	if err != nil {
		allowed = allow.List{} // what cannot be read allows nothing; the program that reads it has refused to start
	}
	left := maxTenants
	for _, t := range byNamespace(routes, sinks) {
		t.rules, t.allowed, t.verdicts = rules, allowed, &verdicts
		made := t.compile()
		size := sizeOf(made)
		if size > min(left, maxTenant) {
			t.refuse(size)
			continue
		}
		if len(made.Routes) > 0 {
			document.Tenants = append(document.Tenants, made)
			left -= size
		}
	}
	slices.SortFunc(document.Tenants, func(a, b nodeconfig.Tenant) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return document, verdicts
}

// tenant is the objects of one namespace, the oldest first.
type tenant struct {
	namespace string
	routes    []*v1alpha1.AuditRoute
	sinks     []*v1alpha1.NamespacedAuditSink

	rules    TenantRules
	allowed  allow.List
	verdicts *TenantVerdicts
}

// byNamespace puts objects together, and namespaces in the order of their oldest route: a new one takes no room from those that are there.
func byNamespace(routes []v1alpha1.AuditRoute, sinks []v1alpha1.NamespacedAuditSink) []*tenant {
	all := map[string]*tenant{}
	of := func(namespace string) *tenant {
		if all[namespace] == nil {
			all[namespace] = &tenant{namespace: namespace}
		}
		return all[namespace]
	}
	for i := range routes {
		t := of(routes[i].Namespace)
		t.routes = append(t.routes, &routes[i])
	}
	for i := range sinks {
		t := of(sinks[i].Namespace)
		t.sinks = append(t.sinks, &sinks[i])
	}
	for _, t := range all {
		slices.SortFunc(t.routes, func(a, b *v1alpha1.AuditRoute) int {
			return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
		})
		slices.SortFunc(t.sinks, func(a, b *v1alpha1.NamespacedAuditSink) int {
			return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
		})
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *tenant) int {
		return cmp.Or(a.since(b), cmp.Compare(a.namespace, b.namespace))
	})
}

// since compares the ages of the oldest routes. Who has none comes last.
func (t *tenant) since(other *tenant) int {
	switch {
	case len(t.routes) == 0 || len(other.routes) == 0:
		return cmp.Compare(len(other.routes), len(t.routes))
	default:
		return t.routes[0].CreationTimestamp.Compare(other.routes[0].CreationTimestamp.Time)
	}
}

func (t *tenant) compile() nodeconfig.Tenant {
	usable := t.usableSinks()
	made := nodeconfig.Tenant{Namespace: t.namespace}
	used := map[string]bool{}
	for i, route := range t.routes {
		compiled, verdict := t.route(route, i, usable)
		t.verdicts.Routes[t.key(route.Name)] = verdict
		if len(compiled.Sinks) == 0 {
			continue
		}
		made.Routes = append(made.Routes, compiled)
		for _, name := range compiled.Sinks {
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		made.Sinks = append(made.Sinks, nodeconfig.Sink{Name: name, Spec: usable[name]})
		verdict := t.verdicts.Sinks[t.key(name)]
		verdict.Used = true
		t.verdicts.Sinks[t.key(name)] = verdict
	}
	return made
}

// refuse takes back what was compiled: there is no room for it.
func (t *tenant) refuse(size int) {
	verdict := TenantVerdict{Reason: v1alpha1.ReasonLimitExceeded, Message: fmt.Sprintf("the routes and sinks of the namespace take %d bytes of the configuration of "+
		"nodes; a namespace may take %d, and all together %d: make them fewer or smaller", size, maxTenant, maxTenants)}
	for _, route := range t.routes {
		t.verdicts.Routes[t.key(route.Name)] = verdict
	}
	for _, sink := range t.sinks {
		t.verdicts.Sinks[t.key(sink.Name)] = verdict
	}
}

func (t *tenant) key(name string) nodeconfig.TenantKey {
	return nodeconfig.TenantKey{Namespace: t.namespace, Name: name}
}

func sizeOf(made nodeconfig.Tenant) int {
	text, err := json.Marshal(made)
	if err != nil {
		return maxTenants + 1 // cannot be: the types have nothing that JSON refuses
	}
	return len(text)
}
