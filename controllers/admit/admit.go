// Package admit refuses policies, and routes and sinks of tenants, that cannot compile, when they are written, with the compiler's own words.
//
// Admission reviews of AuditPolicy, AuditRoute and NamespacedAuditSink objects come in, answers go out: refused with line, column, reason and fix, or
// allowed with the compiler's remarks as warnings. Only what the object itself says can have it refused; what depends on other objects, and on what the
// platform lets tenants have, is a warning, because those can change in any order. It is a courtesy and no guard: a policy that comes past it is Stalled,
// and a route is not Ready, with the same words.
//
// Every replica answers. The leader also keeps the certificate, in one Secret, and tells the API server whom to trust. This package never
// changes what it judges, and no other Secret or webhook configuration than those named Name.
package admit

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// Name is that of the Service, the Secret and the ValidatingWebhookConfiguration. The roles name the latter two.
const Name = "nodeaudit-webhook"

// Where what people write is judged. The chart's webhook configuration has them too.
const (
	// Path is for policies.
	Path = "/validate/auditpolicies"
	// RoutePath is for the routes of tenants.
	RoutePath = "/validate/auditroutes"
	// SinkPath is for their sinks.
	SinkPath = "/validate/namespacedauditsinks"
)

// Options are what admission needs beside the manager.
type Options struct {
	// Namespace is that of the Service and of the Secret.
	Namespace string
	// Port is where to listen.
	Port int
	// Log is where it says what it did.
	Log *slog.Logger
	// Metrics shows when the certificate ends.
	Metrics *Metrics
	// Tenants are what the platform lets tenants have. Nil: they are not let in, and are told so.
	Tenants *compile.TenantRules
	// Now is the clock that certificates are renewed by.
	Now func() time.Time
}

// Cache says what is cached beside what the reconcilers read: two objects, each by its name, as the roles allow.
func Cache(namespace string) map[client.Object]cache.ByObject {
	byName := fields.OneTermEqualSelector("metadata.name", Name)
	return map[client.Object]cache.ByObject{
		&corev1.Secret{}: {Field: byName, Namespaces: map[string]cache.Config{namespace: {}}},
		&admissionregistrationv1.ValidatingWebhookConfiguration{}: {Field: byName},
	}
}

// Setup adds the webhook, and the keeper of its certificate, to the manager. The manager is ready when the webhook can be called.
func Setup(mgr manager.Manager, options Options) error {
	held := &holder{log: options.Log, metrics: options.Metrics}
	if err := held.follow(mgr.GetCache()); err != nil {
		return err
	}
	others, err := newNeighbours(mgr.GetCache())
	if err != nil {
		return err
	}
	server := webhook.NewServer(webhook.Options{Port: options.Port, TLSOpts: []func(*tls.Config){func(c *tls.Config) {
		c.GetCertificate = held.get
		c.MinVersion = tls.VersionTLS13
		c.NextProtos = []string{"http/1.1"} // a few callers with a few requests: HTTP/2 would only be more to attack
	}}})
	people, err := newTenants(mgr.GetCache(), options)
	if err != nil {
		return err
	}
	scheme := mgr.GetScheme()
	server.Register(Path, admission.WithValidator(scheme, (&policies{others, options.Log}).answer()))
	server.Register(RoutePath, admission.WithValidator(scheme, people.routes()))
	server.Register(SinkPath, admission.WithValidator(scheme, people.sinks()))
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("adding the webhook: %w", err)
	}
	if err := mgr.AddReadyzCheck("webhook", server.StartedChecker()); err != nil {
		return fmt.Errorf("adding the readiness check of the webhook: %w", err)
	}
	return keep(mgr, options)
}
