package envtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	sinksecret "github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret/granted"
)

func letIn(o *controllers.Options) {
	o.Tenants = &compile.TenantRules{
		Destinations: []allow.Destination{{Hosts: []string{"*.logs.test"}, Ports: []int32{443}}}, Routes: 2, QueueBytes: 64 << 20, EventsPerSecond: 100,
	}
}

// withTenants is a clean world with namespaces, and the rights that the chart gives with tenants.enabled.
func withTenants(t *testing.T, namespaces ...string) {
	t.Helper()
	clean(t)
	if err := apply(t.Context(), filepath.Join("..", "..", "config", "tenants", "rbac.yaml")); err != nil && !apierrors.IsAlreadyExists(errors.Unwrap(err)) {
		t.Fatal(err)
	}
	for _, name := range namespaces {
		err := admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for _, object := range []client.Object{&v1alpha1.AuditRoute{}, &v1alpha1.NamespacedAuditSink{}, &corev1.Secret{}, &rbacv1.Role{}, &rbacv1.RoleBinding{}} {
				if err := admin.DeleteAllOf(context.Background(), object, client.InNamespace(name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func auditRoute(namespace, name string, sinks ...string) *v1alpha1.AuditRoute {
	return &v1alpha1.AuditRoute{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: v1alpha1.AuditRouteSpec{Sinks: sinks}}
}

func namespacedSink(namespace, name, url string) *v1alpha1.NamespacedAuditSink {
	return &v1alpha1.NamespacedAuditSink{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.AuditSinkSpec{Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: url}},
	}
}

// tenantsNow are the namespaces in the ConfigMap, with their routes and sinks.
func tenantsNow() ([]string, error) {
	m := configMap(nodeconfig.TenantsName)
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(m), m); err != nil {
		return nil, err
	}
	document, err := nodeconfig.DecodeTenants(m.Data)
	var all []string
	for _, of := range document.Tenants {
		text := of.Namespace + ":"
		for _, r := range of.Routes {
			text += " " + r.Name + strings.Join(r.Match.Namespaces, ",")
		}
		for _, s := range of.Sinks {
			text += " " + s.Name
		}
		all = append(all, text)
	}
	return all, err
}

// documentNow is the digest of what is in the ConfigMap, for an agent that works with it.
func documentNow(t *testing.T) string {
	t.Helper()
	m := configMap(nodeconfig.TenantsName)
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(m), m); err != nil {
		t.Fatal(err)
	}
	return m.Data[nodeconfig.DigestKey]
}

// acknowledging plays the agents of nodes that work with the document.
func acknowledging(t *testing.T, digest string, nodes ...string) {
	t.Helper()
	for _, name := range nodes {
		if err := agent(name, v1alpha1.NodeInSync, func(r *v1alpha1.NodeAuditReport) { r.TenantsDigest = digest }); err != nil {
			t.Fatal(err)
		}
	}
}

// saysOf checks the condition and the message of a route that has no other.
func saysOf(route *v1alpha1.AuditRoute, want, message string) func() error {
	return func() error {
		if err := says(route, want)(); err != nil {
			return err
		}
		if got := route.Status.Conditions[0].Message; got != message {
			return fmt.Errorf("the message is %q, want %q", got, message)
		}
		return nil
	}
}

func inUse(want ...string) func() error {
	return func() error {
		got, err := tenantsNow()
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("tenants have %q, want %q", got, want)
		}
		return err
	}
}

func TestTenantsAreGivenToAgentsAndToldHowItIs(t *testing.T) {
	withTenants(t, "shop", "bank")
	route, sink := auditRoute("shop", "exec", "siem"), namespacedSink("shop", "siem", "https://in.logs.test/x")
	elsewhere, astray := namespacedSink("bank", "evil", "https://evil.test/"), auditRoute("bank", "all", "siem")
	create(t, node("n1"), policy("p", passwd), route, sink, elsewhere, astray)
	start(t, letIn)
	eventually(t, has("p", passwd, "n1"))
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	eventually(t, says(route, "Ready=False/NoNodesSelected")) // no agent says that it records anything
	acknowledging(t, "", "n1")                                // as an agent that has not read the document, or is not told to let tenants in
	eventually(t, says(route, "Ready=False/Progressing"))
	eventually(t, says(sink, "Ready=False/Progressing"))
	acknowledging(t, documentNow(t), "n1")
	eventually(t, says(route, "Ready=True/Accepted"))
	eventually(t, says(sink, "Ready=True/Accepted"))
	eventually(t, says(elsewhere, "Ready=False/NotAllowed"))
	eventually(t, says(astray, "Ready=False/SinkNotFound")) // the one of shop is not there for bank

	// What tenants do is no part of a node's configuration.
	_, digest, err := configOf("n1")
	if err != nil {
		t.Fatal(err)
	}
	edit(t, route, func(r *v1alpha1.AuditRoute) { r.Spec.Match.CEL = "event.uidd == 0" })
	eventually(t, says(route, "Ready=False/InvalidRoutes"))
	eventually(t, inUse())
	edit(t, route, func(r *v1alpha1.AuditRoute) { r.Spec.Match.CEL = "" })
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	if _, after, err := configOf("n1"); after != digest || err != nil {
		t.Errorf("the node's configuration has changed from %s to %s, %v", digest, after, err)
	}
	if err := admin.Delete(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	eventually(t, says(route, "Ready=False/SinkNotFound"))
	eventually(t, inUse())
}

// A node that cannot use a route says so, and the people of its namespace read it.
func TestTheStatusOfATenantsRouteHasWhatNodesReport(t *testing.T) {
	withTenants(t, "shop")
	route := auditRoute("shop", "exec", "siem")
	create(t, node("n1"), node("n2"), policy("p", passwd), namespacedSink("shop", "siem", "https://in.logs.test/x"))
	stop := start(t, letIn)
	eventually(t, has("p", passwd, "n1", "n2"))
	create(t, route)
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	document := documentNow(t)
	for name, lastError := range map[string]string{"n1": "", "n2": "the route matches nothing: match: no such field"} {
		err := agent(name, v1alpha1.NodeInSync, func(r *v1alpha1.NodeAuditReport) {
			r.TenantsDigest = document
			r.Events.Routes = []v1alpha1.RouteReport{{Name: "p/r", Matched: 1}, {Name: "tenant:shop/exec", LastError: lastError}}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, says(route, "Ready=False/InvalidRoutes"))
	if c := route.Status.Conditions[0]; c.Message != "not in force on 1 of 2 nodes; node n2: the route matches nothing: match: no such field" {
		t.Errorf("%+v", c)
	}
	stop()
}

func TestTheStatusOfATenantsSinkHasWhatNodesReport(t *testing.T) {
	withTenants(t, "shop")
	sink := namespacedSink("shop", "siem", "https://in.logs.test/x")
	create(t, node("n1"), node("n2"), policy("p", passwd), auditRoute("shop", "exec", "siem"), sink)
	start(t, letIn)
	eventually(t, has("p", passwd, "n1", "n2"))
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	report := func(name, lastError string) {
		t.Helper()
		document := documentNow(t)
		err := agent(name, v1alpha1.NodeInSync, func(r *v1alpha1.NodeAuditReport) {
			r.TenantsDigest = document
			r.TenantSinks = []v1alpha1.SinkReport{{Name: "shop/siem", Written: 5, Queued: 2, LastError: lastError}, {Name: "bank/siem", Written: 99}}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	report("n1", "")
	report("n2", "the agents may not read the Secret shop/siem: allow it: kubectl -n shop create role …")
	eventually(t, says(sink, "Ready=False/SinkFailing"))
	if s := sink.Status; s.Nodes.Using != 2 || s.Nodes.Healthy != 1 || s.Delivery.Written != 10 || s.Delivery.Backlog != 4 || !strings.HasPrefix(s.LastError, "node n2: the agents may not read") {
		t.Errorf("%+v", s)
	}
	before := documentNow(t)
	edit(t, sink, func(s *v1alpha1.NamespacedAuditSink) { s.Spec.Webhook.URL = "https://in.logs.test/y" })
	eventually(t, says(sink, "Ready=False/Progressing")) // both write where they should not any more
	if s := sink.Status; s.Nodes.Using != 2 || s.Nodes.Healthy != 0 || s.LastError != "" || documentNow(t) == before {
		t.Errorf("%+v", s)
	}
	report("n1", "")
	report("n2", "")
	eventually(t, says(sink, "Ready=True/Routed"))
}

// What is in force, agents say. An edit is in force nowhere before they do, and takes nothing from routes that it does not concern, also where the controller
// has forgotten what it wrote.
func TestARouteIsInForceWhereAgentsAcknowledgeIt(t *testing.T) {
	withTenants(t, "shop", "bank")
	route, other := auditRoute("shop", "exec", "siem"), auditRoute("bank", "exec", "siem")
	create(t, node("n1"), node("n2"), policy("p", passwd), route, other, namespacedSink("shop", "siem", "https://in.logs.test/x"), namespacedSink("bank", "siem", "https://in.logs.test/x"))
	stop := start(t, letIn)
	eventually(t, has("p", passwd, "n1", "n2"))
	eventually(t, inUse("bank: tenant:bank/execbank siem", "shop: tenant:shop/execshop siem"))
	first := documentNow(t)
	acknowledging(t, "", "n2")
	acknowledging(t, first, "n1")
	eventually(t, saysOf(route, "Ready=False/Progressing", "waiting for 1 of 2 nodes to take it into use: n2"))
	acknowledging(t, first, "n2")
	eventually(t, saysOf(route, "Ready=True/Accepted", "in force on every node that a policy selects, 2 now"))
	eventually(t, says(other, "Ready=True/Accepted"))
	untouched := other.ResourceVersion

	edit(t, route, func(r *v1alpha1.AuditRoute) { r.Spec.Match.Keys = []string{"k"} })
	eventually(t, saysOf(route, "Ready=False/Progressing", "waiting for 2 of 2 nodes to take it into use: n1, n2"))
	acknowledging(t, documentNow(t), "n2")
	eventually(t, saysOf(route, "Ready=False/Progressing", "waiting for 1 of 2 nodes to take it into use: n1"))
	stop()
	start(t, letIn)
	edit(t, route, func(r *v1alpha1.AuditRoute) { r.Spec.Match.Keys = []string{"l"} })
	eventually(t, saysOf(route, "Ready=False/Progressing", "waiting for 2 of 2 nodes to take it into use: n1, n2"))
	acknowledging(t, documentNow(t), "n1", "n2")
	eventually(t, says(route, "Ready=True/Accepted"))
	if err := says(other, "Ready=True/Accepted")(); err != nil || other.ResourceVersion != untouched {
		t.Errorf("the status of a route that was not touched has changed: %v, %+v", err, other.Status)
	}

	acknowledging(t, strings.Repeat("0", 32), "n1") // which nobody has written: a lie, or a forged document
	eventually(t, saysOf(other, "Ready=False/Progressing", "waiting for 1 of 2 nodes to take it into use: n1"))
	eventually(t, saysOf(route, "Ready=False/Progressing", "waiting for 1 of 2 nodes to take it into use: n1"))
}

func TestWhatSomebodyWritesForTenantsIsPutBack(t *testing.T) {
	withTenants(t, "shop")
	create(t, auditRoute("shop", "exec", "siem"), namespacedSink("shop", "siem", "https://in.logs.test/x"))
	start(t, letIn)
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	m := configMap(nodeconfig.TenantsName)
	edit(t, m, func(m *corev1.ConfigMap) { m.Data = map[string]string{"x": "y"} })
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	if err := admin.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	eventually(t, inUse("shop: tenant:shop/execshop siem"))
	edit(t, m, func(m *corev1.ConfigMap) { m.Labels = nil })
	eventually(t, func() error {
		if names, err := configMaps(nodeconfig.KindTenants); len(names) != 1 {
			return fmt.Errorf("ConfigMaps of tenants: %q, %w", names, err)
		}
		return nil
	})
}

func TestWithoutTenantsNobodyLooksAtWhatTheyAskFor(t *testing.T) {
	withTenants(t, "shop")
	route := auditRoute("shop", "exec", "siem")
	create(t, node("n1"), policy("p", passwd), route)
	start(t)
	eventually(t, has("p", passwd, "n1"))
	settle()
	if _, err := tenantsNow(); !apierrors.IsNotFound(err) {
		t.Errorf("there is a ConfigMap of tenants: %v", err)
	}
	if err := says(route, "!Ready")(); err != nil {
		t.Error(err)
	}
}

// An agent follows what tenants ask for, keeps it over a restart, and does not take what was edited.
func TestAnAgentFollowsTenants(t *testing.T) {
	withTenants(t, "shop")
	create(t, auditRoute("shop", "exec", "siem"), namespacedSink("shop", "siem", "https://in.logs.test/x"))
	dir := t.TempDir()
	watch := func(dir string) (<-chan nodeconfig.Tenants, func()) {
		core, _ := asAgent(t)
		ctx, cancel := context.WithCancel(context.Background())
		seen, done := make(chan nodeconfig.Tenants, 100), make(chan struct{})
		go func() {
			defer close(done)
			desired.NewTenants(core, namespace, dir, slog.New(slog.NewTextHandler(t.Output(), nil))).Run(ctx, func(n nodeconfig.Tenants) { seen <- n })
		}()
		return seen, func() { cancel(); <-done }
	}
	stop := start(t, letIn)
	seen, end := watch(dir)
	for got := range seen {
		if len(got.Tenants) == 1 && got.Tenants[0].Namespace == "shop" && len(got.Destinations) == 1 {
			break
		}
	}
	stop()
	m := configMap(nodeconfig.TenantsName)
	edit(t, m, func(m *corev1.ConfigMap) {
		m.Data[nodeconfig.TenantsKey] = strings.ReplaceAll(m.Data[nodeconfig.TenantsKey], `"shop"`, `"bank"`)
	})
	settle()
	end()
	if len(seen) != 0 {
		t.Errorf("an edited document is used: %+v", <-seen)
	}
	if _, err := os.Stat(filepath.Join(dir, desired.TenantsFile)); err != nil {
		t.Error(err)
	}
	again, end := watch(dir)
	defer end()
	if got := <-again; len(got.Tenants) != 1 || got.Tenants[0].Namespace != "shop" {
		t.Errorf("after a restart: %+v", got)
	}
}

// The agents can read no Secret, until a namespace lets them read one by its name. Then they read that one, and its new values.
func TestAnAgentReadsTheSecretsThatANamespaceGrants(t *testing.T) {
	withTenants(t, "shop", "bank")
	siem := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "siem"}, StringData: map[string]string{"token": "first"}}
	other := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "other"}, StringData: map[string]string{"token": "private"}}
	banks := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "bank", Name: "siem"}, StringData: map[string]string{"token": "private"}}
	create(t, siem, other, banks)
	core, _ := asAgent(t)
	get := func(namespace, name string) (string, error) { // a source of its own each time: without its memory
		value, err := granted.Secrets(core, "nodeaudit-system")(namespace).Get(sinksecret.Ref{Name: name, Key: "token"})
		return string(value), err
	}
	_, err := get("shop", "siem")
	const how = "kubectl -n shop create role nodeaudit-siem --verb=get --resource=secrets --resource-name=siem && " +
		"kubectl -n shop create rolebinding nodeaudit-siem --role=nodeaudit-siem --serviceaccount=nodeaudit-system:nodeaudit-agent"
	if !errors.Is(err, sinksecret.ErrDenied) || !strings.Contains(err.Error(), how) {
		t.Fatalf("without a grant: %v", err)
	}
	create(t,
		&rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nodeaudit-siem"},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"siem"}, Verbs: []string{"get"}}},
		},
		&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nodeaudit-siem"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "nodeaudit-siem"},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "nodeaudit-system", Name: "nodeaudit-agent"}},
		})
	eventually(t, func() error {
		if got, err := get("shop", "siem"); got != "first" {
			return fmt.Errorf("granted: %q, %w", got, err)
		}
		return nil
	})
	for _, row := range [][2]string{{"shop", "other"}, {"bank", "siem"}, {"shop", "../../bank/secrets/siem"}, {"shop", "siem/../other"}} {
		if got, err := get(row[0], row[1]); err == nil {
			t.Errorf("%s/%s: %q is read", row[0], row[1], got)
		}
	}
	if _, err := core.CoreV1().Secrets("shop").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing the Secrets of a namespace: %v", err)
	}
	source := granted.Secrets(core, "nodeaudit-system")("shop")
	token := sinksecret.Ref{Name: "siem", Key: "token"}
	if got, err := source.Get(token); string(got) != "first" {
		t.Fatalf("%q, %v", got, err)
	}
	edit(t, siem, func(s *corev1.Secret) { s.StringData = map[string]string{"token": "second"} })
	eventually(t, func() error {
		source.Doubt([]sinksecret.Ref{token}) // as a sink does whose receiver refuses
		if got, err := source.Get(token); string(got) != "second" {
			return fmt.Errorf("after the rotation: %q, %w", got, err)
		}
		return nil
	})
	if err := admin.DeleteAllOf(t.Context(), &rbacv1.RoleBinding{}, client.InNamespace("shop")); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		source.Doubt([]sinksecret.Ref{token})
		if got, err := source.Get(token); !errors.Is(err, sinksecret.ErrDenied) {
			return fmt.Errorf("after the grant was taken back: %q, %w", got, err)
		}
		return nil
	})
}

// People who may edit a namespace may write routes and sinks there, and nothing elsewhere. Who may only look, looks.
func TestEditorsOfANamespaceAreItsTenants(t *testing.T) {
	withTenants(t, "shop", "bank")
	bind := func(user, role string) *rbacv1.RoleBinding {
		return &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: user},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
		}
	}
	// kube-controller-manager, which does not run here, puts the rules of these roles into edit, admin and view by their labels.
	create(t, bind("eddie", "nodeaudit-tenants-edit"), bind("vera", "nodeaudit-tenants-view"))
	for role, label := range map[string]string{"nodeaudit-tenants-edit": "aggregate-to-edit", "nodeaudit-tenants-view": "aggregate-to-view"} {
		var found rbacv1.ClusterRole
		if err := admin.Get(t.Context(), client.ObjectKey{Name: role}, &found); err != nil || found.Labels["rbac.authorization.k8s.io/"+label] != "true" {
			t.Errorf("role %s: %v, labels %v", role, err, found.Labels)
		}
	}
	as := func(user string) client.Client {
		config := rest.CopyConfig(cluster)
		config.Impersonate.UserName = user
		c, err := client.New(config, client.Options{Scheme: admin.Scheme()})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	eventually(t, func() error {
		return as("eddie").Create(t.Context(), auditRoute("shop", "a", "siem"), client.DryRunAll)
	})
	eventually(t, func() error {
		return as("vera").List(t.Context(), &v1alpha1.AuditRouteList{}, client.InNamespace("shop"))
	})
	own := auditRoute("shop", "b", "siem")
	create(t, own)
	for name, try := range map[string]func() error{
		"another namespace's route": func() error {
			return as("eddie").Create(t.Context(), auditRoute("bank", "a", "siem"), client.DryRunAll)
		},
		"a sink of the platform": func() error {
			return as("eddie").Create(t.Context(), &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: v1alpha1.AuditSinkSpec{Type: "stdout"}}, client.DryRunAll)
		},
		"the status of a route":    func() error { return as("eddie").Status().Update(t.Context(), own, client.DryRunAll) },
		"a route, by who may look": func() error { return as("vera").Create(t.Context(), auditRoute("shop", "c", "siem"), client.DryRunAll) },
	} {
		if err := try(); !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheAPIServerRefusesOfTenants(t *testing.T) {
	withTenants(t, "shop")
	sink := func(change func(*v1alpha1.AuditSinkSpec)) client.Object {
		s := namespacedSink("shop", "x", "https://in.logs.test/x")
		change(&s.Spec)
		return s
	}
	for name, row := range map[string]struct {
		object client.Object
		want   string
	}{
		"a file":             {sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "file"} }), "not for tenants"},
		"the agent's output": {sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "stdout"} }), "not for tenants"},
		"the node's journal": {sink(func(s *v1alpha1.AuditSinkSpec) { *s = v1alpha1.AuditSinkSpec{Type: "journald"} }), "not for tenants"},
		"the agent's memory": {sink(func(s *v1alpha1.AuditSinkSpec) { s.Queue = &v1alpha1.SinkQueue{Type: "Memory"} }), "the queue of a tenant is on disk"},
		"a Secret elsewhere": {sink(func(s *v1alpha1.AuditSinkSpec) {
			s.Webhook.Auth = &v1alpha1.HTTPAuth{BearerTokenSecretRef: &v1alpha1.SecretKey{Name: "bank/siem", Key: "token"}}
		}), "should match"},
		"a Secret above": {sink(func(s *v1alpha1.AuditSinkSpec) {
			s.Webhook.TLS = &v1alpha1.SinkTLS{CertSecretRef: &v1alpha1.SecretName{Name: "../bank"}}
		}), "should match"},
		"an object store with the node's rights": {sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Region: "eu-central-1"}}
		}), "give auth: a tenant logs in with keys of its own"},
		"logs of a cloud with the node's rights": {sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "cloudwatch", CloudWatch: &v1alpha1.CloudWatchSink{LogGroup: "audit", Region: "eu-central-1"}}
		}), "give auth: a tenant logs in with keys of its own"},
		"a cloud whose credentials lead anywhere": {sink(func(s *v1alpha1.AuditSinkSpec) {
			*s = v1alpha1.AuditSinkSpec{Type: "googleCloud", GoogleCloud: &v1alpha1.GoogleCloudSink{Project: "audit-1"}}
		}), "not for tenants"},
		"a sink elsewhere":   {auditRoute("shop", "x", "bank/siem"), "should match"},
		"a route to nowhere": {auditRoute("shop", "x"), "Required value"},
	} {
		if err := admin.Create(t.Context(), row.object, client.DryRunAll); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
