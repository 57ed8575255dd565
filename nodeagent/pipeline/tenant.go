package pipeline

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/route"
)

// tenant is one namespace. The lock of tenants guards it.
type tenant struct {
	namespace string
	node      string
	lanes     *lanes
	places    map[string]*tenantPlace // by the names that routes use
	looks     allowance
}

// tenant makes the namespace's routes anew, which go on with what they have counted.
func (t *tenants) tenant(of nodeconfig.Tenant, places map[nodeconfig.TenantKey]*tenantPlace) *tenant {
	made := &tenant{namespace: of.Namespace, node: t.options.NodeName, places: map[string]*tenantPlace{}, looks: allowance{share: tenantShare}}
	if before := t.of[of.Namespace]; before != nil { // which configure alone replaces
		made.lanes = before.lanes.next(of.Routes)
	} else {
		made.lanes = newLanes(host.New(t.options.HostRoot), of.Routes)
	}
	for _, s := range of.Sinks {
		made.places[s.Name] = places[nodeconfig.TenantKey{Namespace: of.Namespace, Name: s.Name}]
	}
	return made
}

// check is the agent's own look at what the controller has written: a route that could see other namespaces is a mistake, whoever made it.
func check(of nodeconfig.Tenant) string {
	if of.Namespace == "" || strings.ContainsAny(of.Namespace, "/.") {
		return "it has no name that a namespace can have"
	}
	sinks := map[string]bool{}
	for _, s := range of.Sinks {
		if sinks[s.Name] { // they would share a queue
			return "a sink of it is there twice: " + s.Name
		}
		sinks[s.Name] = true
		if s.Name == "" || strings.Contains(s.Name, "/") || strings.HasPrefix(s.Name, ".") {
			return "a sink of it has no name that a sink can have"
		}
		if !v1alpha1.ForTenants(s.Spec.Type) {
			return "a sink of it is of type " + string(s.Spec.Type)
		}
	}
	for _, r := range of.Routes {
		if !slices.Equal(r.Match.Namespaces, []string{of.Namespace}) || !strings.HasPrefix(r.Name, nodeconfig.TenantRoutePrefix+of.Namespace+"/") {
			return "route " + r.Name + " is not bound to the namespace"
		}
	}
	return ""
}

// offer gives the event to each of the sinks of the routes that take it, once.
func (t *tenant) offer(e *event.Event, now time.Time, total *allowance) {
	if !t.looks.has(now) || !total.has(now) {
		t.passOver()
		return
	}
	var through [8]*route.Route
	var given [maxSinks]*tenantPlace
	offered := given[:0]
	for _, r := range t.lanes.match(e, now, through[:0]) {
		if r.Name != "" { // the fallback, which a tenant does not have
			offered = t.give(e, r.Sinks, offered)
		}
	}
	took := time.Since(now)
	t.looks.spend(took)
	total.spend(took)
}

var errTime = errors.New("the routes of the namespace took more of the agent's time than a tenant may have: make expressions and lists of patterns simpler")

// passOver counts an event that nobody has looked at, for each route.
func (t *tenant) passOver() {
	for _, of := range t.lanes.order {
		of.route.Fail(errTime)
	}
}

func (t *tenant) give(e *event.Event, names []string, offered []*tenantPlace) []*tenantPlace {
	for _, name := range names {
		if p := t.places[name]; p != nil && !slices.Contains(offered, p) {
			offered = append(offered, p)
			p.queue.Offer(e)
		}
	}
	return offered
}

// told gives an event of ours to the sinks of the route that it is about.
func (t *tenant) told(r *route.Route, e *event.Event) {
	e.Node = t.node
	t.give(e, r.Sinks, nil)
}

func (t *tenant) tell(now time.Time) {
	t.lanes.due(now, func(*lane) bool { return true }, t.told)
	for _, p := range t.places {
		p.tellLosses(t.node, now)
	}
}

// end tells what routes have left out that do not go on in next.
func (t *tenant) end(now time.Time, next *tenant) {
	t.lanes.due(now, func(l *lane) bool {
		if next == nil {
			return false
		}
		n := next.lanes.named(l.route.Name)
		return n != nil && n.shaper == l.shaper
	}, t.told)
}

// What the routes of one namespace, and of all together, may take of one processor, however many events there are: the road waits meanwhile, and
// behind it the kernel's records for the platform's own sinks.
const (
	tenantShare = 0.1
	totalShare  = 0.25
	// atOnce is for how long the share is saved up.
	atOnce = 2 * time.Second
)

// allowance is time that may be spent, and grows again.
type allowance struct {
	share float64
	debt  time.Duration // what was spent and has not grown again
	at    time.Time
}

// has says whether there is some left.
func (a *allowance) has(now time.Time) bool {
	a.debt = max(0, a.debt-time.Duration(a.share*float64(now.Sub(a.at))))
	a.at = now
	return a.debt < time.Duration(a.share*float64(atOnce))
}

func (a *allowance) spend(took time.Duration) { a.debt += took }
