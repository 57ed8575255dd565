package chart

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/admit"
	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

const withWebhook = "--set=webhook.enabled=true"

// webhookObjects are what the webhook needs beside the controller.
var webhookObjects = []string{
	"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Secret", "Service", "ValidatingWebhookConfiguration",
}

func TestTheWebhookIsThereOnlyWhereAsked(t *testing.T) {
	for _, row := range []struct {
		name  string
		flags []string
		want  []string
	}{
		{"not by default", nil, nil},
		{"with webhook.enabled", []string{withWebhook}, webhookObjects},
	} {
		t.Run(row.name, func(t *testing.T) {
			all := render(t, append(row.flags, "--set=networkPolicy.enabled=true")...)
			if diff := cmp.Diff(row.want, kindsOf(all)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			container := pods(t, all)["controller"].Containers[0]
			enabled := row.want != nil
			if got := slices.Contains(container.Args, "--webhook-port=9443"); got != enabled {
				t.Errorf("arguments %v", container.Args)
			}
			if got := slices.Contains(container.Ports, corev1.ContainerPort{Name: "webhook", ContainerPort: 9443}); got != enabled {
				t.Errorf("ports %v", container.Ports)
			}
			open := find[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", "nodeaudit-controller").Spec.Ingress
			if got := len(open) == 2 && open[1].Ports[0].Port.String() == "webhook" && open[1].From == nil; got != enabled {
				t.Errorf("the network policy lets in %v", open)
			}
		})
	}
}

// kindsOf lists the kinds of the objects with the webhook's name.
func kindsOf(all []*unstructured.Unstructured) []string {
	var kinds []string
	for _, object := range all {
		if object.GetName() == admit.Name {
			kinds = append(kinds, object.GetKind())
		}
	}
	slices.Sort(kinds)
	return kinds
}

// All that the controller may do for the webhook. docs/security-model.md has the reason of each: change it there too.
func TestTheWebhookGivesTheseRightsAndNoOther(t *testing.T) {
	all := render(t, withWebhook)
	byName := func(group, resource string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{
			APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: []string{admit.Name}, Verbs: []string{"list", "patch", "watch"},
		}}
	}
	if diff := cmp.Diff(byName("", "secrets"), find[rbacv1.Role](t, all, "Role", admit.Name).Rules); diff != "" {
		t.Errorf("in the namespace (-want +got):\n%s", diff)
	}
	want := byName("admissionregistration.k8s.io", "validatingwebhookconfigurations")
	if diff := cmp.Diff(want, find[rbacv1.ClusterRole](t, all, "ClusterRole", admit.Name).Rules); diff != "" {
		t.Errorf("in the cluster (-want +got):\n%s", diff)
	}
	account := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "nodeaudit-controller", Namespace: namespace}}
	if diff := cmp.Diff(account, find[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding", admit.Name).Subjects); diff != "" {
		t.Errorf("bound to (-want +got):\n%s", diff)
	}
}

func TestTheWebhookDoesNotHoldUpTheAPIServer(t *testing.T) {
	hooks := find[admissionregistrationv1.ValidatingWebhookConfiguration](t, render(t, withWebhook), "ValidatingWebhookConfiguration", admit.Name).Webhooks
	judged := map[string]string{"auditpolicies": admit.Path, "auditroutes": admit.RoutePath, "namespacedauditsinks": admit.SinkPath}
	if len(hooks) != len(judged) {
		t.Fatalf("%d webhooks, want %d", len(hooks), len(judged))
	}
	for _, w := range hooks {
		if *w.FailurePolicy != admissionregistrationv1.Ignore || *w.TimeoutSeconds != 5 || *w.SideEffects != admissionregistrationv1.SideEffectClassNone {
			t.Errorf("%s: failurePolicy %v, timeoutSeconds %d, sideEffects %v", w.Name, *w.FailurePolicy, *w.TimeoutSeconds, *w.SideEffects)
		}
		resource := strings.TrimSuffix(w.Name, ".nodeaudit.dev")
		if diff := cmp.Diff([]string{resource}, w.Rules[0].Resources); diff != "" || len(w.Rules) != 1 {
			t.Errorf("%s: resources (-want +got):\n%s", w.Name, diff)
		}
		create, update := admissionregistrationv1.Create, admissionregistrationv1.Update
		if diff := cmp.Diff([]admissionregistrationv1.OperationType{create, update}, w.Rules[0].Operations); diff != "" {
			t.Errorf("%s: operations (-want +got):\n%s", w.Name, diff)
		}
		if *w.ClientConfig.Service.Path != judged[resource] || judged[resource] == "" || w.ClientConfig.Service.Name != admit.Name {
			t.Errorf("%s: it calls %v", w.Name, w.ClientConfig.Service)
		}
	}
}

func TestKustomizeAddsTheWebhookThatHelmDoes(t *testing.T) {
	sameByKustomize(t, "webhook", withWebhook)
}

// The life of a release with the webhook: installed, served by a controller that has the account's own token and no more, upgraded by both
// Helms without a new certificate, and uninstalled without a trace.
func TestTheWebhookLivesAndGoesWithTheRelease(t *testing.T) {
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	s.helm(t, "helm", "install", "--create-namespace")
	var log buffer
	port, stop := s.serve(t, &log)
	defer stop()
	s.lead(t, corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}, port)
	eventually(t, &log, func() error { return s.refuses(t) })
	original := find[corev1.Service](t, render(t, withWebhook), "Service", admit.Name)
	s.lead(t, original.Spec, 443)

	before := s.bundles(t)
	for _, helm := range []string{"helm", "helm3", "helm"} {
		s.helm(t, helm, "upgrade", "--set=webhook.timeoutSeconds=7")
		if diff := cmp.Diff(before, s.bundles(t)); diff != "" {
			t.Errorf("%s upgrade changes the certificates (-before +after):\n%s", helm, diff)
		}
	}
	account := s.account(t, "nodeaudit-controller")
	for name, try := range map[string]func() error{
		"reads another Secret": func() error {
			return account.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "other"}, &corev1.Secret{})
		},
		"lists all Secrets": func() error { return account.List(t.Context(), &corev1.SecretList{}, client.InNamespace(namespace)) },
		"makes a Secret": func() error {
			return account.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: admit.Name}})
		},
		"changes another webhook": func() error {
			return patch(t, account, &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, "{}")
		},
	} {
		if err := try(); !apierrors.IsForbidden(err) {
			t.Errorf("the controller's account %s: %v, want Forbidden", name, err)
		}
	}
	stop()
	if strings.Contains(log.String(), "forbidden") {
		t.Errorf("the log speaks of something forbidden:\n%s", log.String())
	}
	if _, err := s.run(t.Context(), "helm", "uninstall", release, "--namespace", namespace, "--no-hooks"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range webhookObjects {
		out, err := s.run(t.Context(), "kubectl", "get", kind, "--namespace", namespace, "--ignore-not-found", "--output=name", admit.Name)
		if err != nil || out != "" {
			t.Errorf("after the uninstall there is %s%v", out, err)
		}
	}
}

// helm installs or upgrades with the webhook, which must answer.
func (s *server) helm(t *testing.T, program, verb string, flags ...string) {
	t.Helper()
	args := append([]string{verb, release, chart, "--namespace", namespace, withWebhook, "--set=webhook.failurePolicy=Fail"}, flags...)
	if _, err := s.run(t.Context(), program, args...); err != nil {
		t.Fatal(err)
	}
}

// lead changes where the API server finds the webhook: this machine stands for a pod, and a Service leads nowhere here.
func (s *server) lead(t *testing.T, spec corev1.ServiceSpec, port int) {
	t.Helper()
	service := &corev1.Service{}
	if err := s.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: admit.Name}, service); err != nil {
		t.Fatal(err)
	}
	service.Spec = spec
	if err := s.admin.Update(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: admit.Name}}
	var changes []string
	for i := range 3 {
		changes = append(changes, fmt.Sprintf(`{"op": "replace", "path": "/webhooks/%d/clientConfig/service/port", "value": %d}`, i, port))
	}
	change := "[" + strings.Join(changes, ",") + "]"
	if err := s.admin.Patch(t.Context(), configuration, client.RawPatch(types.JSONPatchType, []byte(change))); err != nil {
		t.Fatal(err)
	}
}

// serve runs the controller as the chart does.
func (s *server) serve(t *testing.T, log *buffer) (port int, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- controllers.Run(ctx, s.token(t, "nodeaudit-controller", nil), controllers.Options{
			Namespace: namespace, LeaderElect: true, MetricsAddress: "0", HealthAddress: "0", StaleAfter: time.Minute, WebhookPort: port,
			Registry: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(log, nil)),
		})
	}()
	stopped := false
	return port, func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the controller ended with %v", err)
		}
	}
}

// refuses says what is wrong where a broken policy, or a route of a tenant, is not refused with the compiler's words.
func (s *server) refuses(t *testing.T) error {
	t.Helper()
	broken := &v1alpha1.AuditPolicy{ObjectMeta: metav1.ObjectMeta{Name: "broken"}}
	broken.Spec.Rules = "-w /etc/passwd -p wa\n-a always,exit -F nosuchfield=1\n"
	err := s.admin.Create(t.Context(), broken, client.DryRunAll)
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "line 2") {
		return fmt.Errorf("a broken policy is answered with: %w", err)
	}
	route := &v1alpha1.AuditRoute{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "broken"}, Spec: v1alpha1.AuditRouteSpec{Sinks: []string{"siem"}}}
	route.Spec.Match.CEL = "event.uidd == 0"
	err = s.admin.Create(t.Context(), route, client.DryRunAll)
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "match.cel") {
		return fmt.Errorf("a broken route of a tenant is answered with: %w", err)
	}
	return nil
}

// bundles is what the Secret keeps, and what the API server trusts.
func (s *server) bundles(t *testing.T) map[string]string {
	t.Helper()
	secret := &corev1.Secret{}
	if err := s.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: admit.Name}, secret); err != nil {
		t.Fatal(err)
	}
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := s.admin.Get(t.Context(), client.ObjectKey{Name: admit.Name}, configuration); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"trusted": string(configuration.Webhooks[0].ClientConfig.CABundle)}
	for key, value := range secret.Data {
		all[key] = string(value)
	}
	if len(secret.Data) != 4 || all["trusted"] != all[certificate.AuthorityKey] {
		t.Fatalf("the Secret has %d keys and the API server trusts %q", len(secret.Data), all["trusted"])
	}
	return all
}
