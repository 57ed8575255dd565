//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// On a real cluster: without a grant the agents may read no Secret of a namespace, the status says so with the commands that give it, and after them
// the sink goes on. The installed chart must let tenants in: tenants.enabled, and tenants.destinations with cidrs [127.0.0.1/32] and port 9.
func TestATenantsSinkSaysWhatItLacksUntilItIsGranted(t *testing.T) {
	ctx := t.Context()
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "e2e-tenant"}}
	sink := &v1alpha1.NamespacedAuditSink{
		ObjectMeta: metav1.ObjectMeta{Namespace: space.Name, Name: "siem"},
		Spec: v1alpha1.AuditSinkSpec{Type: "webhook", Webhook: &v1alpha1.WebhookSink{
			URL: "http://127.0.0.1:9/", Auth: &v1alpha1.HTTPAuth{BearerTokenSecretRef: &v1alpha1.SecretKey{Name: "siem", Key: "token"}},
		}},
	}
	route := &v1alpha1.AuditRoute{ObjectMeta: metav1.ObjectMeta{Namespace: space.Name, Name: "all"}, Spec: v1alpha1.AuditRouteSpec{Sinks: []string{"siem"}}}
	token := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: space.Name, Name: "siem"}, StringData: map[string]string{"token": "swordfish"}}
	for _, object := range []client.Object{space, token, sink, route} {
		if err := admin.Create(ctx, object); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = kubectl("delete", "namespace", space.Name, "--wait=false") })
	ready(t, create(t, "tenant", "-w /etc/nodeaudit-e2e-tenant -p wa -k tenant\n"))
	eventually(t, time.Minute, func() error { // every agent has said that it works with the route
		if err := admin.Get(ctx, client.ObjectKeyFromObject(route), route); err != nil {
			return err
		}
		c := meta.FindStatusCondition(route.Status.Conditions, v1alpha1.ConditionReady)
		if c == nil || c.Status != metav1.ConditionTrue || c.Reason != v1alpha1.ReasonAccepted || c.ObservedGeneration != route.Generation {
			return fmt.Errorf("Ready of the route is %+v", c)
		}
		return nil
	})
	writer(t, hostNode, space.Name, "loop", "nodeaudit-e2e-tenant")
	told := func(word string) func() error {
		return func() error {
			if err := admin.Get(ctx, client.ObjectKeyFromObject(sink), sink); err != nil {
				return err
			}
			if c := meta.FindStatusCondition(sink.Status.Conditions, v1alpha1.ConditionReady); c == nil || !strings.Contains(c.Message, word) {
				return fmt.Errorf("Ready is %+v, want %q in it", c, word)
			}
			return nil
		}
	}
	eventually(t, 3*time.Minute, told("kubectl -n e2e-tenant create role nodeaudit-siem"))
	for _, words := range [][]string{
		{"create", "role", "nodeaudit-siem", "--verb=get", "--resource=secrets", "--resource-name=siem"},
		{"create", "rolebinding", "nodeaudit-siem", "--role=nodeaudit-siem", "--serviceaccount=" + namespace + ":nodeaudit-agent"},
	} {
		if err := kubectl(append([]string{"-n", space.Name}, words...)...); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 3*time.Minute, told("connection refused"))
}
