package envtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// What a Secret holds is in no object that the controller writes, nor in what people see of the others: the names of its keys are.
func TestSecretsOfSinksAreInNoObject(t *testing.T) {
	clean(t)
	const value = "swordfish-of-the-deep"
	hidden := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "nodeaudit-sinks"}, StringData: map[string]string{"token": value},
	}
	key := v1alpha1.SecretKey{Name: "nodeaudit-sinks", Key: "token"}
	sinks := map[string]v1alpha1.AuditSinkSpec{
		"splunk": {Type: "splunk", Splunk: &v1alpha1.SplunkSink{URL: "https://splunk.example.com", TokenSecretRef: key}},
		"hook":   {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URLSecretRef: &key, Auth: &v1alpha1.HTTPAuth{BearerTokenSecretRef: &key}}},
	}
	p := policy("p", passwd)
	create(t, hidden, node("n1"))
	t.Cleanup(func() { _ = admin.Delete(context.Background(), hidden) })
	var names []string
	for name, spec := range sinks {
		create(t, &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec})
		names = append(names, name)
	}
	p.Spec.Routes = []v1alpha1.Route{{Name: "all", Sinks: names}}
	create(t, p)
	start(t)
	eventually(t, func() error {
		text, err := everything(t.Context())
		switch {
		case err != nil:
			return err
		case strings.Contains(text, value):
			t.Errorf("the value is in an object:\n%s", text)
			return nil
		case strings.Count(text, "nodeaudit-sinks") < 6: // in two sinks, and in the node's configuration
			return errors.New("the sinks are not in the node's configuration yet")
		}
		return nil
	})
}

// everything is what people can read who may read no Secret.
func everything(ctx context.Context) (string, error) {
	var all strings.Builder
	for _, list := range []client.ObjectList{
		&corev1.ConfigMapList{}, &corev1.EventList{}, &v1alpha1.AuditSinkList{}, &v1alpha1.AuditPolicyList{}, &v1alpha1.NodeAuditStatusList{},
	} {
		if err := admin.List(ctx, list); err != nil {
			return "", err
		}
		text, err := yaml.Marshal(list)
		if err != nil {
			return "", fmt.Errorf("writing a list: %w", err)
		}
		all.Write(text)
	}
	return all.String(), nil
}
