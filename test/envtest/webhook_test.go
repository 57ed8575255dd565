package envtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/admit"
)

// webhook is what config/webhook installs, but that the API server finds the controller on this machine, and that it must answer.
type webhook struct{ port int }

// installWebhook is to be called before start, so that it goes when the controller has ended.
func installWebhook(t *testing.T) webhook {
	t.Helper()
	w := webhook{port: freePort(t)}
	ctx := context.Background()
	folder := filepath.Join("..", "..", "config", "webhook")
	t.Cleanup(func() {
		for _, object := range installed() {
			if err := admin.Delete(ctx, object); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		}
		eventually(t, func() error { return admin.Create(ctx, policy("probe", broken), client.DryRunAll) })
	})
	if err := errors.Join(apply(ctx, filepath.Join(folder, "rbac.yaml")), apply(ctx, filepath.Join(folder, "webhook.yaml"))); err != nil {
		t.Fatal(err)
	}
	service := &corev1.Service{}
	service.Namespace, service.Name = namespace, admit.Name
	edit(t, service, func(s *corev1.Service) {
		s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}
	})
	edit(t, configuration(), func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
		for i := range c.Webhooks {
			c.Webhooks[i].ClientConfig.Service.Port = new(int32(w.port))
			c.Webhooks[i].FailurePolicy = new(admissionregistrationv1.Fail)
		}
	})
	return w
}

func installed() []client.Object {
	objects := []client.Object{configuration(), secret()}
	for _, object := range []client.Object{&corev1.Service{}, &rbacv1.Role{}, &rbacv1.RoleBinding{}, &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleBinding{}} {
		object.SetNamespace(namespace)
		object.SetName(admit.Name)
		objects = append(objects, object)
	}
	return objects
}

// options has the controller serve it.
func (w webhook) options(o *controllers.Options) { o.WebhookPort = w.port }

// untilItRefuses waits until API server and controller have found each other.
func (w webhook) untilItRefuses(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		if err := refuses(t.Context(), "probe"); err != nil {
			return err
		}
		return admin.Create(t.Context(), policy("probe", passwd), client.DryRunAll)
	})
}

// refuses says what is wrong where a broken policy is not refused with the compiler's words.
func refuses(ctx context.Context, name string) error {
	err := admin.Create(ctx, policy(name, broken), client.DryRunAll)
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "line 2") {
		return fmt.Errorf("a broken policy is answered with: %w", err)
	}
	return nil
}

func configuration() *admissionregistrationv1.ValidatingWebhookConfiguration {
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	c.Name = admit.Name
	return c
}

func secret() *corev1.Secret {
	s := &corev1.Secret{}
	s.Namespace, s.Name = namespace, admit.Name
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// warnings hears what the API server warns of.
type warnings struct {
	mu   sync.Mutex
	list []string
}

// HandleWarningHeader is called for each.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, text)
}

func (w *warnings) client(t *testing.T) client.Client {
	t.Helper()
	config := rest.CopyConfig(cluster)
	config.WarningHandler = w
	c, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// those puts the part that is wanted in place of each warning that has it, so that the two can be compared.
func (w *warnings) those(wanted []string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for i, text := range w.list {
		if i < len(wanted) && strings.Contains(text, wanted[i]) {
			text = wanted[i]
		}
		list = append(list, text)
	}
	return list
}
