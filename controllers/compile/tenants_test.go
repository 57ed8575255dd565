package compile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

var tenantRules = TenantRules{
	Destinations: []allow.Destination{{Hosts: []string{"*.logs.test"}, Ports: []int32{443, 6514}}}, Routes: 3, QueueBytes: 40 << 20, EventsPerSecond: 100,
}

var tenantBudget = v1alpha1.Budget{Events: 100, Per: metav1.Duration{Duration: time.Second}, Burst: 1000, By: v1alpha1.BudgetByRoute}

// tenantRoute is the n-th object of a namespace, by age.
func tenantRoute(namespace, name string, n int, change ...func(*v1alpha1.AuditRouteSpec)) v1alpha1.AuditRoute {
	r := v1alpha1.AuditRoute{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.Unix(int64(n), 0)}}
	r.Spec.Sinks = []string{"siem"}
	for _, c := range change {
		c(&r.Spec)
	}
	return r
}

func tenantSink(namespace, name string, n int, change ...func(*v1alpha1.AuditSinkSpec)) v1alpha1.NamespacedAuditSink {
	s := v1alpha1.NamespacedAuditSink{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.Unix(int64(n), 0)}}
	s.Spec = v1alpha1.AuditSinkSpec{Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: "https://in.logs.test/x", Auth: &v1alpha1.HTTPAuth{
		BearerTokenSecretRef: &v1alpha1.SecretKey{Name: "siem", Key: "token"},
	}}}
	for _, c := range change {
		c(&s.Spec)
	}
	return s
}

func queueOf(size string) func(*v1alpha1.AuditSinkSpec) {
	return func(s *v1alpha1.AuditSinkSpec) { s.Queue = &v1alpha1.SinkQueue{MaxSize: new(resource.MustParse(size))} }
}

func key(namespace, name string) nodeconfig.TenantKey {
	return nodeconfig.TenantKey{Namespace: namespace, Name: name}
}

func TestARouteOfATenantIsBoundToItsNamespace(t *testing.T) {
	got, verdicts := Tenants(
		[]v1alpha1.AuditRoute{tenantRoute("shop", "exec", 1, func(s *v1alpha1.AuditRouteSpec) {
			s.Match = v1alpha1.TenantMatch{Keys: []string{"exec"}, CEL: `event.uid == 0`}
			s.Exclude = []v1alpha1.TenantMatch{{Executables: []string{"/usr/bin/pause"}}}
		})},
		[]v1alpha1.NamespacedAuditSink{tenantSink("shop", "siem", 1)}, tenantRules)
	spec := tenantSink("shop", "siem", 1, queueOf("16Mi")).Spec
	want := nodeconfig.Tenants{Destinations: tenantRules.Destinations, Tenants: []nodeconfig.Tenant{{
		Namespace: "shop",
		Routes: []v1alpha1.Route{{
			Name: "tenant:shop/exec", Continue: true, Sinks: []string{"siem"}, Budget: &tenantBudget,
			Match:   v1alpha1.RouteMatch{Keys: []string{"exec"}, CEL: `event.uid == 0`, Namespaces: []string{"shop"}},
			Exclude: []v1alpha1.RouteMatch{{Executables: []string{"/usr/bin/pause"}}},
		}},
		Sinks: []nodeconfig.Sink{{Name: "siem", Spec: spec}},
	}}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 })); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	wantVerdicts := TenantVerdicts{
		Routes: map[nodeconfig.TenantKey]TenantVerdict{key("shop", "exec"): {}},
		Sinks:  map[nodeconfig.TenantKey]TenantVerdict{key("shop", "siem"): {Used: true}},
	}
	if diff := cmp.Diff(wantVerdicts, verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// Whatever a tenant writes, every route that comes out asks for its own namespace and for no other, and every sink is one of its own.
func TestATenantCannotReachAnother(t *testing.T) {
	cel := func(text string) func(*v1alpha1.AuditRouteSpec) {
		return func(s *v1alpha1.AuditRouteSpec) { s.Match.CEL = text }
	}
	for name, route := range map[string]v1alpha1.AuditRoute{
		"an expression that names another":                tenantRoute("shop", "x", 1, cel(`event.who.namespace == "bank"`)),
		"an expression that is always true":               tenantRoute("shop", "x", 1, cel(`true || event.who.namespace == "bank"`)),
		"an expression that would end early":              tenantRoute("shop", "x", 1, cel(`true) || (true`)),
		"a selector of another's labels":                  tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Match.PodLabels = &metav1.LabelSelector{} }),
		"a sink of another namespace":                     tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"bank/siem"} }),
		"a sink of another namespace, and one of its own": tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"bank/siem", "siem"} }),
		"a sink that only another has":                    tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"vault"} }),
		"a sink above its own":                            tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"../bank/vault"} }),
		"the node's own file":                             tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{nodeconfig.DefaultSink} }),
		"a name that is another's":                        tenantRoute("shop", "tenant:bank/x", 1),
		"an aggregation of the whole node": tenantRoute("shop", "x", 1, func(s *v1alpha1.AuditRouteSpec) {
			s.Aggregate = &v1alpha1.Aggregate{Interval: metav1.Duration{Duration: time.Minute}, By: []v1alpha1.AggregateBy{"Namespace"}}
		}),
	} {
		document, _ := Tenants(
			[]v1alpha1.AuditRoute{route, tenantRoute("bank", "x", 1, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"siem", "vault"} })},
			[]v1alpha1.NamespacedAuditSink{tenantSink("shop", "siem", 1), tenantSink("bank", "siem", 1), tenantSink("bank", "vault", 1)}, tenantRules)
		seen := false
		for _, of := range document.Tenants {
			seen = seen || of.Namespace == "bank" && len(of.Routes) == 1 && len(of.Sinks) == 2
			for _, r := range of.Routes {
				if diff := cmp.Diff([]string{of.Namespace}, r.Match.Namespaces); diff != "" || !strings.HasPrefix(r.Name, "tenant:"+of.Namespace+"/") || !r.Continue || r.Drop {
					t.Errorf("%s: route %s of %s (-want +got):\n%s", name, r.Name, of.Namespace, diff)
				}
				if of.Namespace == "shop" && strings.Join(r.Sinks, " ") != "siem" {
					t.Errorf("%s: it names %q", name, r.Sinks)
				}
			}
			for _, s := range of.Sinks {
				if of.Namespace == "shop" && s.Name != "siem" {
					t.Errorf("%s: shop has sink %s", name, s.Name)
				}
			}
		}
		if !seen {
			t.Errorf("%s: the other namespace has lost something", name)
		}
	}
}

func TestVerdictsOnTenants(t *testing.T) {
	one := func(change ...func(*v1alpha1.AuditRouteSpec)) []v1alpha1.AuditRoute {
		return []v1alpha1.AuditRoute{tenantRoute("shop", "x", 1, change...)}
	}
	sink := func(change func(*v1alpha1.AuditSinkSpec)) []v1alpha1.NamespacedAuditSink {
		return []v1alpha1.NamespacedAuditSink{tenantSink("shop", "siem", 1, change)}
	}
	to := func(url string) []v1alpha1.NamespacedAuditSink {
		return sink(func(s *v1alpha1.AuditSinkSpec) { s.Webhook.URL = url })
	}
	fine := sink(func(*v1alpha1.AuditSinkSpec) {})
	for name, test := range map[string]struct {
		routes  []v1alpha1.AuditRoute
		sinks   []v1alpha1.NamespacedAuditSink
		of      string // the sink's verdict, or the route's
		reason  string
		message string
	}{
		"a sink that is not there":    {one(), nil, "route", "SinkNotFound", "there is no NamespacedAuditSink siem in the namespace shop"},
		"a sink that is not in use":   {one(), to("https://evil.test"), "route", "SinkNotFound", "sink siem is not in use: evil.test, port 443, is not among the destinations"},
		"an expression that is wrong": {one(func(s *v1alpha1.AuditRouteSpec) { s.Match.CEL = "event.uidd == 0" }), fine, "route", "InvalidRoutes", "match.cel: "},
		"a user by name":              {one(func(s *v1alpha1.AuditRouteSpec) { s.Exclude = []v1alpha1.TenantMatch{{Users: []string{"0", "root"}}} }), fine, "route", "InvalidRoutes", `exclude[0].users: "root" is no number`},
		"a time that no budget has": {one(func(s *v1alpha1.AuditRouteSpec) {
			s.Budget = &v1alpha1.TenantBudget{Events: 5000, Per: metav1.Duration{Duration: -time.Second}}
		}), fine, "route", "InvalidRoutes", "budget.per: -1s is not from 1ms to 1h"},
		"a path that fits nothing":      {one(func(s *v1alpha1.AuditRouteSpec) { s.Match.Paths = []string{"etc"} }), fine, "route", "InvalidRoutes", "begin it with a slash"},
		"a large budget":                {one(func(s *v1alpha1.AuditRouteSpec) { s.Budget = &v1alpha1.TenantBudget{Events: 5000} }), fine, "route", "", "100 events a second"},
		"a large burst":                 {one(func(s *v1alpha1.AuditRouteSpec) { s.Budget = &v1alpha1.TenantBudget{Events: 5, Burst: 5000} }), fine, "route", "", "1000 events at once"},
		"another destination":           {one(), to("https://evil.test"), "sink", "NotAllowed", "is not among the destinations"},
		"another port":                  {one(), to("https://in.logs.test:8443"), "sink", "NotAllowed", "port 8443, is not among the destinations"},
		"the node":                      {one(), to("https://127.0.0.1"), "sink", "NotAllowed", "the node itself"},
		"the cloud's metadata":          {one(), to("http://169.254.169.254/latest"), "sink", "NotAllowed", "link-local"},
		"the node, in another spelling": {one(), to("https://[::ffff:127.0.0.1]/"), "sink", "NotAllowed", "the node itself"},
		"a user before the host":        {one(), to("https://in.logs.test@evil.test/"), "sink", "NotAllowed", "no address with a port that can be judged"},
		"a member of another type": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			s.Syslog, s.Webhook.URL = &v1alpha1.SyslogSink{Address: "in.logs.test:6514"}, "https://evil.test"
		}), "sink", "NotAllowed", "evil.test"},
		"one of several elsewhere": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "elasticsearch", Elasticsearch: &v1alpha1.ElasticsearchSink{URLs: []string{"https://a.logs.test", "https://evil.test"}}}
		}), "sink", "NotAllowed", "evil.test"},
		"a secret address": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			s.Webhook.URL, s.Webhook.URLSecretRef = "", &v1alpha1.SecretKey{Name: "siem", Key: "url"}
		}), "sink", "", ""},
		"the brokers": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "kafka", Kafka: &v1alpha1.KafkaSink{Brokers: []string{"a.logs.test:443", "evil.test:443"}}}
		}), "sink", "NotAllowed", "evil.test"},
		"an Alertmanager elsewhere": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "alertmanager", Alertmanager: &v1alpha1.AlertmanagerSink{URLs: []string{"https://a.logs.test", "http://127.0.0.1:9093"}}}
		}), "sink", "NotAllowed", "the node itself"},
		"a bucket before the host": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Region: "eu-central-1", Auth: &v1alpha1.AWSAuth{}}}
		}), "sink", "NotAllowed", "audit.s3.eu-central-1.amazonaws.com, port 443, is not among the destinations"},
		"the rights of the node": {one(), sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Endpoint: "https://s3.logs.test"}}
		}), "sink", "NotAllowed", "s3.auth is missing: a tenant logs in with keys of its own"},
		"a cloud's own credentials": {one(), sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "googleCloud"} }), "sink", "NotAllowed", "sinks of type googleCloud are not for tenants"},
		"a file of the node":        {one(), sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "file"} }), "sink", "NotAllowed", "sinks of type file are not for tenants"},
		"the agent's output":        {one(), sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "stdout"} }), "sink", "NotAllowed", "not for tenants"},
		"the node's journal":        {one(), sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "journald"} }), "sink", "NotAllowed", "not for tenants"},
		"the agent's memory":        {one(), sink(func(s *v1alpha1.AuditSinkSpec) { s.Queue = &v1alpha1.SinkQueue{Type: "Memory"} }), "sink", "NotAllowed", "memory is the agent's"},
		"a queue that is too large": {one(), sink(queueOf("1Gi")), "sink", "LimitExceeded", "those of the namespace may hold 40Mi on each node"},
	} {
		_, verdicts := Tenants(test.routes, test.sinks, tenantRules)
		got := verdicts.Routes[key("shop", "x")]
		if test.of == "sink" {
			got = verdicts.Sinks[key("shop", "siem")]
		}
		if got.Reason != test.reason || !strings.Contains(got.Message, test.message) {
			t.Errorf("%s: %s: %s, want %s: … %s", name, got.Reason, got.Message, test.reason, test.message)
		}
	}
}

func TestANamespaceKeepsToItsLimitsAndTheOldestCount(t *testing.T) {
	var routes []v1alpha1.AuditRoute
	var sinks []v1alpha1.NamespacedAuditSink
	for n := 6; n > 0; n-- {
		routes = append(routes, tenantRoute("shop", fmt.Sprintf("r%d", n), n, func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"s1", "s2", "s3"} }))
		sinks = append(sinks, tenantSink("shop", fmt.Sprintf("s%d", n), n))
	}
	document, verdicts := Tenants(routes, sinks, tenantRules)
	var names []string
	total := int64(0)
	for _, r := range document.Tenants[0].Routes {
		names = append(names, r.Name)
	}
	for _, s := range document.Tenants[0].Sinks {
		names, total = append(names, s.Name), total+s.Spec.Queue.MaxSize.Value()
	}
	if diff := cmp.Diff([]string{"tenant:shop/r1", "tenant:shop/r2", "tenant:shop/r3", "s1", "s2"}, names); diff != "" || total > tenantRules.QueueBytes {
		t.Errorf("%d bytes of queues (-want +got):\n%s", total, diff)
	}
	if got := verdicts.Routes[key("shop", "r4")]; got.Reason != "LimitExceeded" {
		t.Errorf("the fourth route: %+v", got)
	}
	if got := verdicts.Routes[key("shop", "r1")]; got.Reason != "SinkNotFound" || !strings.Contains(got.Message, "sink s3 is not in use: the queue of 16Mi does not fit") {
		t.Errorf("a route with a sink for which there is no room: %+v", got)
	}
}

// All tenants share one ConfigMap. A large one finds no room, and takes none from others; when it is full, the newest namespaces find none.
func TestTheRoomOfAllIsShared(t *testing.T) {
	rules := tenantRules
	rules.Routes = 100
	large := func(namespace string, n, count int) (routes []v1alpha1.AuditRoute, sink v1alpha1.NamespacedAuditSink) {
		for i := range count {
			routes = append(routes, tenantRoute(namespace, fmt.Sprintf("r%d", i), n, func(s *v1alpha1.AuditRouteSpec) {
				s.Match.Paths = []string{"/" + strings.Repeat("x", 1000)}
			}))
		}
		return routes, tenantSink(namespace, "siem", n)
	}
	var routes []v1alpha1.AuditRoute
	var sinks []v1alpha1.NamespacedAuditSink
	add := func(namespace string, n, count int) {
		r, s := large(namespace, n, count)
		routes, sinks = append(routes, r...), append(sinks, s)
	}
	add("greedy", 0, 99)
	for n := range 30 {
		add(fmt.Sprintf("ns-%02d", 29-n), 100-n, 35)
	}
	document, verdicts := Tenants(routes, sinks, rules)
	data, err := nodeconfig.EncodeTenants(document)
	if err != nil || len(data[nodeconfig.TenantsKey]) > 1<<20-1<<16 {
		t.Fatalf("%d bytes, %v", len(data[nodeconfig.TenantsKey]), err)
	}
	if got := verdicts.Routes[key("greedy", "r0")]; got.Reason != "LimitExceeded" {
		t.Errorf("the greedy one: %+v", got)
	}
	in := map[string]bool{}
	for _, of := range document.Tenants {
		in[of.Namespace] = true
	}
	if in["greedy"] || !in["ns-00"] || in["ns-29"] || len(in) < 15 {
		t.Errorf("in use: %v", in)
	}
}

func TestNothingIsAllowedWhereNothingIsListed(t *testing.T) {
	rules := tenantRules
	rules.Destinations = nil
	document, verdicts := Tenants([]v1alpha1.AuditRoute{tenantRoute("shop", "x", 1)}, []v1alpha1.NamespacedAuditSink{tenantSink("shop", "siem", 1)}, rules)
	if got := verdicts.Sinks[key("shop", "siem")]; len(document.Tenants) != 0 || got.Reason != "NotAllowed" || !strings.Contains(got.Message, "tenants.destinations") {
		t.Errorf("%+v, %+v", document, got)
	}
}

// What is said of an object alone, by the webhook and by lint, is what its status says.
func TestAnObjectOfATenantIsJudgedAloneAsAmongOthers(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.AuditRouteSpec){
		"a good one":    func(*v1alpha1.AuditRouteSpec) {},
		"an expression": func(s *v1alpha1.AuditRouteSpec) { s.Match.CEL = "event.uidd == 0" },
		"a selector": func(s *v1alpha1.AuditRouteSpec) {
			s.Match.PodLabels = &metav1.LabelSelector{MatchLabels: map[string]string{"a b": ""}}
		},
		"a path in an exclude": func(s *v1alpha1.AuditRouteSpec) { s.Exclude = []v1alpha1.TenantMatch{{Paths: []string{"etc"}}} },
		"a sample":             func(s *v1alpha1.AuditRouteSpec) { s.Sample = "100%" },
	} {
		route := tenantRoute("shop", "x", 1, change)
		_, verdicts := Tenants([]v1alpha1.AuditRoute{route}, []v1alpha1.NamespacedAuditSink{tenantSink("shop", "siem", 1)}, tenantRules)
		if diff := cmp.Diff(verdicts.Routes[key("shop", "x")], ForTenantRoute(&route)); diff != "" {
			t.Errorf("%s (-among others +alone):\n%s", name, diff)
		}
	}
	for name, change := range map[string]func(*v1alpha1.AuditSinkSpec){
		"a good one":                    func(*v1alpha1.AuditSinkSpec) {},
		"a type":                        func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "file"} },
		"an address":                    func(s *v1alpha1.AuditSinkSpec) { s.Webhook.URL = "https://in.logs.test:x/" },
		"a destination that is missing": func(s *v1alpha1.AuditSinkSpec) { s.Webhook = nil },
		"a queue":                       func(s *v1alpha1.AuditSinkSpec) { s.Queue = &v1alpha1.SinkQueue{Type: "Memory"} },
	} {
		sink := tenantSink("shop", "siem", 1, change)
		_, verdicts := Tenants(nil, []v1alpha1.NamespacedAuditSink{sink}, tenantRules)
		if diff := cmp.Diff(verdicts.Sinks[key("shop", "siem")], ForTenantSink(&sink)); diff != "" {
			t.Errorf("%s (-among others +alone):\n%s", name, diff)
		}
	}
}

// The agent has an object in memory several times before it puts it.
func TestObjectsOfTenantsAreSmall(t *testing.T) {
	for asked, want := range map[string]string{"": "1Mi", "64Ki": "64Ki", "32Mi": "1Mi"} {
		sink := tenantSink("shop", "siem", 1, func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Endpoint: "https://s3.logs.test", Auth: &v1alpha1.AWSAuth{}}}
			if asked != "" {
				s.S3.Batch = &v1alpha1.S3Batch{MaxSize: new(resource.MustParse(asked))}
			}
		})
		document, _ := Tenants([]v1alpha1.AuditRoute{tenantRoute("shop", "x", 1)}, []v1alpha1.NamespacedAuditSink{sink}, tenantRules)
		if got := document.Tenants[0].Sinks[0].Spec.S3.Batch.MaxSize.String(); got != want {
			t.Errorf("who asks for %q gets %s, want %s", asked, got, want)
		}
		if sink.Spec.S3.Batch != nil && sink.Spec.S3.Batch.MaxSize.String() != asked {
			t.Error("what the tenant has written is changed")
		}
	}
}
