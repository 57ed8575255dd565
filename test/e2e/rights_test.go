//go:build e2e

package e2e

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestAnAgentWritesOnlyTheStatusOfItsOwnNode(t *testing.T) {
	agent := asAgentOf(t, "n1")
	if err := patchHeartbeat(t, agent, "n1"); err != nil {
		t.Errorf("its own status: %v", err)
	}
	err := patchHeartbeat(t, agent, "n2")
	if !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err) {
		t.Fatalf("another node's status: %v, want a refusal", err)
	}
	if !strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
		t.Errorf("refused, but not by the admission policy: %v", err)
	}
}

func TestAnAgentMayDoNothingElse(t *testing.T) {
	agent := asAgentOf(t, "n1")
	ctx := t.Context()
	for _, row := range []struct {
		name string
		try  func() error
	}{
		{"create a policy", func() error { return agent.Create(ctx, policy("by-agent", "-w /etc/x -p wa -k x\n"), client.DryRunAll) }},
		{"delete every policy", func() error { return agent.DeleteAllOf(ctx, &v1alpha1.AuditPolicy{}, client.DryRunAll) }},
		{"create a sink", func() error {
			return agent.Create(ctx, &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: v1alpha1.AuditSinkSpec{Type: "stdout"}}, client.DryRunAll)
		}},
		{"delete another node's status", func() error {
			return agent.Delete(ctx, &v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: "n2"}}, client.DryRunAll)
		}},
		{"change a node's configuration", func() error { return agent.Update(ctx, nodeConfigMap(t, "n1"), client.DryRunAll) }},
		{"delete a node's configuration", func() error {
			return agent.Delete(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: nodeconfig.NodePrefix + "n1"}}, client.DryRunAll)
		}},
		{"read secrets", func() error { return agent.List(ctx, &corev1.SecretList{}, client.InNamespace(namespace)) }},
		{"read config maps elsewhere", func() error { return agent.List(ctx, &corev1.ConfigMapList{}, client.InNamespace("kube-system")) }},
		{"label its node", func() error {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
			return agent.Patch(ctx, node, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"x":"y"}}}`)), client.DryRunAll)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.try(); !apierrors.IsForbidden(err) {
				t.Errorf("got %v, want Forbidden", err)
			}
		})
	}
}

// patchHeartbeat tries, without effect, what an agent does all day.
func patchHeartbeat(t *testing.T, c client.Client, node string) error {
	t.Helper()
	status := &v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: node}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"status":{"message":"written by a test"}}`))
	return c.Patch(t.Context(), status, patch, client.DryRunAll)
}

// asAgentOf returns a client with the rights of the agent on a node, by a token that is bound to its pod as the kubelet's are.
func asAgentOf(t *testing.T, node string) client.Client {
	t.Helper()
	pod := agentPod(t, node)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		BoundObjectRef: &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID},
	}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: pod.Spec.ServiceAccountName}}
	if err := admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	restricted := rest.AnonymousClientConfig(config)
	restricted.BearerToken = request.Status.Token
	c, err := client.New(restricted, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
