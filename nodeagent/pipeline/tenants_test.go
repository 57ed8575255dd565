package pipeline

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/route"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

// tenantRoad is a road on which tenants are let in.
func tenantRoad(t *testing.T, state string) *Pipeline {
	t.Helper()
	p := road(t, Options{StateDir: state, TenantSecrets: func(string) secret.Source { return secret.Dir{} }})
	t.Cleanup(p.tenants.stop)
	return p
}

// bound is a tenant as the controller writes it: a route that sends everything to the hook.
func bound(namespace, url string, change ...func(*v1alpha1.Route)) nodeconfig.Tenant {
	r := v1alpha1.Route{Name: "tenant:" + namespace + "/all", Continue: true, Sinks: []string{"hook"}, Match: v1alpha1.RouteMatch{Namespaces: []string{namespace}}}
	for _, c := range change {
		c(&r)
	}
	return nodeconfig.Tenant{Namespace: namespace, Routes: []v1alpha1.Route{r}, Sinks: []nodeconfig.Sink{hookSink(url)}}
}

// reachable lists the ports of the hooks.
func reachable(t *testing.T, hooks ...*hook) []allow.Destination {
	t.Helper()
	d := allow.Destination{CIDRs: []string{"127.0.0.1/32"}}
	for _, h := range hooks {
		parsed, err := url.Parse(h.URL)
		if err != nil {
			t.Fatal(err)
		}
		d.Ports = append(d.Ports, int32(netip.MustParseAddrPort(parsed.Host).Port()))
	}
	return []allow.Destination{d}
}

func podEvent(namespace, key string, change ...func(*event.Event)) *event.Event {
	e := &event.Event{Node: "node", Type: "SYSCALL", Time: time.Unix(1700000000, 0).UTC(), Keys: []string{key}}
	e.Who = event.Who{Confidence: event.ConfidenceExact, Namespace: namespace, Pod: "web-0", PodUID: "uid-of-" + namespace}
	for _, c := range change {
		c(e)
	}
	return e
}

// give sends an event to the platform's routes and to the tenants', as the road does.
func (p *Pipeline) give(e *event.Event) {
	p.sinks.offer(e, nil)
	p.tenants.offer(e)
}

func awaitTenant(t *testing.T, p *Pipeline, name string, is func(v1alpha1.SinkReport) bool) v1alpha1.SinkReport {
	t.Helper()
	for {
		list := p.TenantSinks()
		i := slices.IndexFunc(list, func(r v1alpha1.SinkReport) bool { return r.Name == name })
		if i >= 0 && is(list[i]) {
			return list[i]
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("it never came: %+v", list)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestATenantGetsTheEventsOfItsOwnPodsAndNoOthers(t *testing.T) {
	shop, bank, platform := newHook(t, false), newHook(t, false), newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	p.Configure([]v1alpha1.Route{{Name: "p/all", Sinks: []string{"hook"}}}, []nodeconfig.Sink{hookSink(platform.URL)})
	p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, shop, bank), Tenants: []nodeconfig.Tenant{bound("bank", bank.URL), bound("shop", shop.URL)}})
	who := func(change func(*event.Who)) func(*event.Event) { return func(e *event.Event) { change(&e.Who) } }
	events := []*event.Event{
		podEvent("shop", "shop-1"),
		podEvent("bank", "bank-1"),
		podEvent("shop", "a-guess", who(func(w *event.Who) { w.Confidence = event.ConfidenceParent })),
		podEvent("shop", "not-known", who(func(w *event.Who) { w.Confidence = event.ConfidenceNone })),
		podEvent("shop", "nobody-has-looked", who(func(w *event.Who) { w.Confidence = "" })),
		podEvent("shop", "no-pod", who(func(w *event.Who) { w.PodUID = "" })),
		podEvent("shop", "a-pod-without-a-name", who(func(w *event.Who) { w.Pod = "" })),
		podEvent("", "a-host-process", who(func(w *event.Who) { *w = event.Who{Confidence: event.ConfidenceExact} })),
		podEvent("school", "a-namespace-without-routes"),
		podEvent("shopping", "a-longer-name"),
		podEvent("Shop", "another-case"),
		podEvent("shop", "shop-2"),
		podEvent("bank", "bank-2"),
	}
	var all []string
	for _, e := range events {
		p.give(e)
		all = append(all, e.Keys...)
	}
	settled := func(r v1alpha1.SinkReport) bool { return r.Written >= 2 && r.Queued == 0 }
	awaitTenant(t, p, "shop/hook", settled)
	awaitTenant(t, p, "bank/hook", settled)
	await(t, p, func(r v1alpha1.SinkReport) bool { return r.Written == int64(len(events)) })
	p.tenants.stop()
	for name, test := range map[string]struct {
		hook *hook
		want []string
	}{"shop": {shop, []string{"shop-1", "shop-2"}}, "bank": {bank, []string{"bank-1", "bank-2"}}, "the platform": {platform, all}} {
		if diff := cmp.Diff(test.want, test.hook.keys(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The agent does not take the controller's word: what is not bound to its namespace is not used, and what is, goes on.
func TestATenantThatIsNotBoundToItsNamespaceIsLeftOut(t *testing.T) {
	h := newHook(t, false)
	for name, wrong := range map[string]nodeconfig.Tenant{
		"a route about everything":            bound("shop", h.URL, func(r *v1alpha1.Route) { r.Match.Namespaces = nil }),
		"a route about another namespace":     bound("shop", h.URL, func(r *v1alpha1.Route) { r.Match.Namespaces = []string{"bank"} }),
		"a route about another one as well":   bound("shop", h.URL, func(r *v1alpha1.Route) { r.Match.Namespaces = []string{"shop", "bank"} }),
		"a route with another's name":         bound("shop", h.URL, func(r *v1alpha1.Route) { r.Name = "tenant:bank/all" }),
		"a route with the name of a policy's": bound("shop", h.URL, func(r *v1alpha1.Route) { r.Name = "shop/all" }),
		"a namespace that is a path":          {Namespace: "../shop", Routes: bound("../shop", h.URL).Routes, Sinks: bound("shop", h.URL).Sinks},
		"a sink that is a path":               {Namespace: "shop", Routes: bound("shop", h.URL).Routes, Sinks: []nodeconfig.Sink{{Name: "../../x", Spec: hookSink(h.URL).Spec}}},
		"a file of the node":                  {Namespace: "shop", Routes: bound("shop", h.URL).Routes, Sinks: []nodeconfig.Sink{{Name: "hook", Spec: v1alpha1.AuditSinkSpec{Type: "file"}}}},
		"the node's journal":                  {Namespace: "shop", Routes: bound("shop", h.URL).Routes, Sinks: []nodeconfig.Sink{{Name: "hook", Spec: v1alpha1.AuditSinkSpec{Type: "journald"}}}},
		"a sink twice":                        {Namespace: "shop", Routes: bound("shop", h.URL).Routes, Sinks: []nodeconfig.Sink{hookSink(h.URL), hookSink(h.URL)}},
	} {
		p := tenantRoad(t, t.TempDir())
		p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{wrong, bound("fine", h.URL)}})
		for namespace := range p.tenants.of {
			if namespace != "fine" {
				t.Errorf("%s: %s is in use", name, namespace)
			}
		}
		if p.tenants.of["fine"] == nil {
			t.Errorf("%s: another namespace is out of use", name)
		}
		// The document counts as acknowledged, so that who is left out has to be told of, where his routes have names.
		var want []string
		if strings.HasPrefix(wrong.Routes[0].Name, "tenant:"+wrong.Namespace+"/") {
			want = append(want, wrong.Routes[0].Name)
		}
		var got []string
		events, _ := p.Report()
		for _, r := range events.Routes {
			if r.Errors == 0 && strings.HasPrefix(r.LastError, "this agent does not use what the namespace asks for: ") {
				got = append(got, r.Name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: told of as left out (-want +got):\n%s", name, diff)
		}
	}
}

// An agent acknowledges a document when it works with it, also while sinks that are not wanted any more take their time to end.
func TestADocumentIsAcknowledgedWhenItIsInUse(t *testing.T) {
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	if got := p.TenantsDigest(); got != "" {
		t.Errorf("before there is a document %q is acknowledged", got)
	}
	document := nodeconfig.Tenants{Digest: "first", Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{bound("shop", h.URL), bound("bank", h.URL)}}
	p.ConfigureTenants(document)
	if got := p.TenantsDigest(); got != "first" {
		t.Errorf("%q is acknowledged", got)
	}
	ends := make(chan struct{})
	p.tenants.places[nodeconfig.TenantKey{Namespace: "gone", Name: "hook"}] = &tenantPlace{cancel: func() {}, done: ends}
	configured := make(chan struct{})
	document.Digest, document.Tenants = "second", document.Tenants[:1]
	go func() { defer close(configured); p.ConfigureTenants(document) }()
	for p.TenantsDigest() != "second" {
		time.Sleep(time.Millisecond) // the test's own limit ends it
	}
	p.tenants.mu.Lock()
	if len(p.tenants.of) != 1 || p.tenants.of["shop"] == nil {
		t.Errorf("acknowledged, and not in use: %v", p.tenants.of)
	}
	p.tenants.mu.Unlock()
	close(ends)
	<-configured
	p.ConfigureTenants(nodeconfig.Tenants{}) // no policy selects the node any more
	if got := p.TenantsDigest(); got != "" {
		t.Errorf("without tenants %q is acknowledged", got)
	}
}

// A report has room for so many routes. Those of which somebody should know come first.
func TestRoutesThatCannotBeUsedAreReportedFirst(t *testing.T) {
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	document := nodeconfig.Tenants{Destinations: reachable(t, h)}
	for i := range maxRoutes + 1 {
		document.Tenants = append(document.Tenants, bound(fmt.Sprintf("ns%03d", i), h.URL, func(r *v1alpha1.Route) {
			if i == maxRoutes {
				r.Match.CEL = "event.nonsense == 1"
			}
		}))
	}
	p.ConfigureTenants(document)
	for _, of := range document.Tenants {
		p.tenants.offer(podEvent(of.Namespace, "x"))
	}
	events, _ := p.Report()
	if first := events.Routes[0]; len(events.Routes) != maxRoutes || first.Name != "tenant:ns256/all" || first.LastError == "" {
		t.Errorf("%d routes, the first %+v", len(events.Routes), first)
	}
}

// Two of one name would share their queues, and one of them would never end.
func TestOfANamespaceThatIsThereTwiceTheFirstCounts(t *testing.T) {
	first, second := newHook(t, false), newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, first, second), Tenants: []nodeconfig.Tenant{bound("shop", first.URL), bound("shop", second.URL)}})
	p.tenants.offer(podEvent("shop", "x"))
	awaitTenant(t, p, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.Written == 1 && r.Queued == 0 })
	if events, _ := p.Report(); len(events.Routes) != 1 || events.Routes[0].LastError != "" {
		t.Errorf("names are keys of a report, and the first is in use: %+v", events.Routes)
	}
	if got := len(p.tenants.places); got != 1 || len(first.keys(t)) != 1 || len(second.keys(t)) != 0 {
		t.Errorf("%d sinks; the first got %q, the second %q", got, first.keys(t), second.keys(t))
	}
}

// Where the map of namespaces is wrong, or the match of a route, the other one still holds.
func TestEachOfTheTwoChecksHoldsAlone(t *testing.T) {
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{bound("shop", h.URL)}})
	shop := p.tenants.of["shop"]
	shop.offer(podEvent("bank", "only-the-match-holds"), time.Now(), &p.tenants.total)
	p.tenants.of["bank"] = shop // as if somebody had mixed up names, and the controller had forgotten to bind the route
	shop.lanes = newLanes(host.New("/"), bound("shop", h.URL, func(r *v1alpha1.Route) { r.Match.Namespaces = nil }).Routes)
	p.tenants.offer(podEvent("bank", "only-the-agent-holds"))
	p.tenants.offer(podEvent("shop", "own"))
	awaitTenant(t, p, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.Written >= 1 && r.Queued == 0 })
	p.tenants.stop()
	if diff := cmp.Diff([]string{"own"}, h.keys(t)); diff != "" {
		t.Errorf("arrived (-want +got):\n%s", diff)
	}
}

func TestATenantDoesNotReachTheNode(t *testing.T) {
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	everywhere := []allow.Destination{{Hosts: []string{"*"}, CIDRs: nil, Ports: reachable(t, h)[0].Ports}}
	address := strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
	p.ConfigureTenants(nodeconfig.Tenants{Destinations: everywhere, Tenants: []nodeconfig.Tenant{bound("shop", address)}})
	p.tenants.offer(podEvent("shop", "x"))
	r := awaitTenant(t, p, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.LastError != "" })
	if !strings.Contains(r.LastError, "the node itself, which no tenant may reach") || r.Queued != 1 {
		t.Errorf("%+v", r)
	}
	if events, sinks := p.Report(); len(h.keys(t)) != 0 || events.Lost.Queue+events.Lost.Sink != 0 || len(sinks) != 1 {
		t.Errorf("arrived %q; the node reports %+v, %+v", h.keys(t), events, sinks)
	}
	// The same queue goes on as soon as the platform allows it.
	p.ConfigureTenants(nodeconfig.Tenants{
		Destinations: []allow.Destination{{Hosts: []string{"localhost"}, CIDRs: []string{"127.0.0.0/8", "::1/128"}, Ports: everywhere[0].Ports}}, Tenants: []nodeconfig.Tenant{bound("shop", address)},
	})
	awaitTenant(t, p, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.Written == 1 && r.LastError == "" })
}

func TestQueuesOfTenantsAreTheirOwnAndGoWithThem(t *testing.T) {
	away, there, platform := newHook(t, true), newHook(t, false), newHook(t, true)
	state := t.TempDir()
	queue := func(namespace string) string { return filepath.Join(state, TenantsDir, namespace, "hook") }
	is := func(dir string) bool { _, err := os.Stat(dir); return err == nil }
	first := tenantRoad(t, state)
	mine := hookSink(platform.URL)
	mine.Name = "shop" // a sink of the platform with a tenant's name
	first.Configure([]v1alpha1.Route{{Name: "p/all", Sinks: []string{"shop"}}}, []nodeconfig.Sink{mine})
	both := nodeconfig.Tenants{Destinations: reachable(t, away, there), Tenants: []nodeconfig.Tenant{bound("bank", away.URL), bound("shop", away.URL)}}
	first.ConfigureTenants(both)
	if is(queue("shop")) {
		t.Error("a queue is there before there is an event")
	}
	first.give(podEvent("shop", "1"))
	first.give(podEvent("bank", "1"))
	awaitTenant(t, first, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.LastError != "" })
	awaitTenant(t, first, "bank/hook", func(r v1alpha1.SinkReport) bool { return r.LastError != "" })
	first.tenants.stop()
	first.sinks.stopAll()

	// The next agent goes on with both, and drops what nobody names any more.
	second := tenantRoad(t, state)
	if !is(queue("shop")) || !is(queue("bank")) || !is(filepath.Join(state, queueDir, "shop")) {
		t.Fatal("an agent that knows nothing yet has removed a queue")
	}
	second.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, away, there), Tenants: []nodeconfig.Tenant{bound("shop", there.URL)}})
	awaitTenant(t, second, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.QueuedBytes == 0 && len(there.keys(t)) == 1 })
	if is(filepath.Dir(queue("bank"))) || !is(queue("shop")) {
		t.Error("the queue of a tenant without routes is there, or that of the other is not")
	}
	second.ConfigureTenants(nodeconfig.Tenants{})
	if is(filepath.Dir(queue("shop"))) || !is(filepath.Join(state, queueDir, "shop")) {
		t.Error("the last tenant's queue is there, or the platform's is not")
	}
	if err := os.MkdirAll(queue("left"), 0o700); err != nil {
		t.Fatal(err)
	}
	road(t, Options{StateDir: state}) // tenants are not let in any more
	if is(filepath.Join(state, TenantsDir)) {
		t.Error("a queue is there although tenants are not let in")
	}
}

// A tenant that changes its settings all the time loses nothing, and holds up nobody.
func TestATenantThatChangesGoesOn(t *testing.T) {
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	for i := range 6 {
		of := bound("shop", h.URL)
		of.Sinks[0].Spec.Queue = &v1alpha1.SinkQueue{Fsync: i%2 == 0}
		p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{of}})
		for j := range 5 {
			p.tenants.offer(podEvent("shop", fmt.Sprintf("%d-%d", i, j)))
		}
	}
	for len(h.keys(t)) < 30 {
		select {
		case <-t.Context().Done():
			t.Fatalf("arrived: %q", h.keys(t))
		case <-time.After(time.Millisecond):
		}
	}
}

func TestTenantsHaveTheirBudget(t *testing.T) {
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{
		bound("shop", h.URL, func(r *v1alpha1.Route) { r.Budget = &v1alpha1.Budget{Events: 1, Burst: 3} }),
	}})
	for range 50 {
		p.give(podEvent("shop", "x"))
	}
	awaitTenant(t, p, "shop/hook", func(r v1alpha1.SinkReport) bool { return r.Written >= 3 })
	events, _ := p.Report()
	if len(events.Routes) != 1 || events.Routes[0].Name != "tenant:shop/all" || events.Routes[0].Throttled < 40 {
		t.Errorf("%+v", events.Routes)
	}
}

func TestWhatTenantsCostIsBounded(t *testing.T) {
	now := time.Unix(1700000000, 0)
	a := allowance{share: 0.1}
	looked := 0
	for range 10_000 { // ten seconds of an event a millisecond, each of which would take a millisecond
		now = now.Add(time.Millisecond)
		if a.has(now) {
			looked++
			a.spend(time.Millisecond)
		}
	}
	if looked < 1000 || looked > 1300 {
		t.Errorf("%d ms of 10 s were spent", looked)
	}
	h := newHook(t, false)
	p := tenantRoad(t, t.TempDir())
	p.ConfigureTenants(nodeconfig.Tenants{Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{bound("shop", h.URL)}})
	p.tenants.of["shop"].looks = allowance{share: tenantShare, debt: time.Hour, at: time.Now()}
	p.give(podEvent("shop", "x"))
	if events, _ := p.Report(); len(events.Routes) != 1 || events.Routes[0].Errors != 1 || !strings.Contains(events.Routes[0].LastError, "more of the agent's time") {
		t.Errorf("%+v", events.Routes)
	}
}

func TestAnAgentThatLetsNoTenantsInUsesNothingOfTheirs(t *testing.T) {
	h := newHook(t, false)
	p := road(t, Options{StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	p.ConfigureTenants(nodeconfig.Tenants{Digest: "d", Destinations: reachable(t, h), Tenants: []nodeconfig.Tenant{bound("shop", h.URL)}})
	p.give(podEvent("shop", "x"))
	if len(p.tenants.of) != 0 || len(p.TenantSinks()) != 0 || p.TenantsDigest() != "" {
		t.Errorf("in use: %v, acknowledged: %q", p.tenants.of, p.TenantsDigest())
	}
}

// FuzzATenantSeesNoOther holds, for whatever the controller may have written, that what the agent takes into use sees no event of another namespace, and
// keeps its queues below the folder of tenants.
func FuzzATenantSeesNoOther(f *testing.F) {
	f.Add(`{"namespace":"shop","routes":[{"name":"tenant:shop/all","continue":true,"match":{"namespaces":["shop"]},"sinks":["hook"]}],"sinks":[{"name":"hook","spec":{"type":"webhook"}}]}`)
	f.Add(`{"namespace":"shop","routes":[{"name":"tenant:shop/a","match":{"namespaces":["shop"],"cel":"true || event.who.namespace == 'bank'"},"exclude":[{"paths":["**"],"podLabels":{}}]}]}`)
	f.Add(`{"namespace":"shop","routes":[{"name":"tenant:shop/a","match":{"namespaces":["shop"],"paths":["/**/[a-"],"types":[""]},"sample":"1e9%","budget":{"events":-1,"per":"-1s"},"aggregate":{"interval":"-1s"}}]}`)
	f.Add(`{"namespace":"..","routes":[],"sinks":[{"name":"../x","spec":{"type":"file"}}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		var of nodeconfig.Tenant
		if err := json.Unmarshal([]byte(document), &of); err != nil || check(of) != "" {
			return
		}
		for _, s := range of.Sinks {
			if local := filepath.Join(of.Namespace, s.Name); !filepath.IsLocal(local) || filepath.Dir(filepath.Dir(local)) != "." || filepath.Dir(local) != of.Namespace {
				t.Errorf("the queue of %q in %q is in %s", s.Name, of.Namespace, local)
			}
		}
		lanes, now := newLanes(nobody{}, of.Routes), time.Unix(1700000000, 0)
		for _, namespace := range []string{"", "bank", of.Namespace + "x", "x" + of.Namespace, of.Namespace + "/x"} {
			for _, r := range lanes.match(podEvent(namespace, "k"), now, nil) {
				if r.Name != "" {
					t.Errorf("route %s of %s takes an event of %q", r.Name, of.Namespace, namespace)
				}
			}
		}
		lanes.match(podEvent(of.Namespace, "k"), now, nil)
		lanes.due(now.Add(time.Hour), func(*lane) bool { return false }, func(*route.Route, *event.Event) {})
	})
}

// nobody is a node without users.
type nobody struct{}

func (nobody) UserID(string) (uint32, bool) { return 0, false }
