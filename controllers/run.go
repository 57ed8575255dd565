// Package controllers joins the reconcilers into one program.
//
// Options and the access to a cluster come in; until the context ends the policies, sinks and reports of that cluster become ConfigMaps and
// statuses. The decisions are in the packages compile, rollout and rollup, the effects in distribute and report; here they are only joined.
package controllers

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/admit"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/controllers/distribute"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
	"github.com/nodeaudit/nodeaudit/controllers/report"
	"github.com/nodeaudit/nodeaudit/controllers/sessions"
	"github.com/nodeaudit/nodeaudit/controllers/tenants"
)

// Options are what people can set. cmd/controller has the defaults.
type Options struct {
	// Namespace is that of the ConfigMaps and of the lease.
	Namespace string
	// LeaderElect waits for the lease, so that a second replica stands by.
	LeaderElect bool
	// MetricsAddress and HealthAddress are where to listen; "0" is nowhere.
	MetricsAddress, HealthAddress string
	// StaleAfter is the age beyond which a node's report counts as missing.
	StaleAfter time.Duration
	// WebhookPort is where the admission webhook listens; 0 is for none.
	WebhookPort int
	// APIAuditPort is where API servers send their audit events; 0 is for none.
	APIAuditPort int
	// Tenants are what namespaces may have of their own. Nil: nothing, and nobody looks at what they ask for.
	Tenants *compile.TenantRules
	// Now is the clock that certificates are renewed by. Nil is time.Now.
	Now func() time.Time
	// Registry takes the metrics of the reconcilers. What listens on MetricsAddress serves controller-runtime's own registry.
	Registry prometheus.Registerer
	// Log is the program's.
	Log *slog.Logger
}

// The lease's name is in the role that may renew it.
const lease = "nodeaudit-controller"

// Requests to the API server a second. The writing of 5,000 ConfigMaps should not take minutes; the server's own fairness protects it.
const (
	requestsPerSecond = 400
	requestsAtOnce    = 800
)

// gracePeriod is how long a pass may go on after the program was told to stop. Kubernetes gives a pod 30 s.
const gracePeriod = 20 * time.Second

// Scheme returns what the controller reads and writes.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding the core objects: %w", err)
	}
	if err := admissionregistrationv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding the objects of admission: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding the objects of nodeaudit: %w", err)
	}
	return scheme, nil
}

// Run works until the context ends. It returns nil where it was asked to stop, and an error where it cannot go on: the leader's lease was
// lost, or the cluster does not have our objects.
func Run(ctx context.Context, cluster *rest.Config, options Options) error {
	logger := logr.FromSlogHandler(options.Log.Handler())
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	mgr, err := newManager(cluster, options, logger)
	if err != nil {
		return err
	}
	if err := setup(mgr, options); err != nil {
		return err
	}
	options.Log.Info("starting", "namespace", options.Namespace)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running: %w", err)
	}
	return nil
}

func newManager(cluster *rest.Config, options Options, logger logr.Logger) (manager.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	cluster = rest.CopyConfig(cluster)
	cluster.QPS, cluster.Burst = requestsPerSecond, requestsAtOnce
	mgr, err := manager.New(cluster, manager.Options{
		Scheme: scheme,
		Logger: logger,
		Cache:  cacheOptions(options),
		Client: client.Options{
			FieldOwner: lease,
			// A plan that was made from ConfigMaps older than our own writes could let more nodes go than a rollout allows.
			Cache: &client.CacheOptions{EnableReadYourWritesConsistency: new(true)},
		},
		Metrics:                       metricsserver.Options{BindAddress: options.MetricsAddress},
		HealthProbeBindAddress:        options.HealthAddress,
		LeaderElection:                options.LeaderElect,
		LeaderElectionID:              lease,
		LeaderElectionNamespace:       options.Namespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       new(gracePeriod),
		Controller:                    config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("setting up: %w", err)
	}
	return mgr, nil
}

func cacheOptions(options Options) cache.Options {
	cached := observe.CacheOptions(options.Namespace)
	if options.WebhookPort != 0 {
		maps.Copy(cached.ByObject, admit.Cache(options.Namespace))
	}
	return cached
}

func setup(mgr manager.Manager, options Options) error {
	err := distribute.Setup(mgr, distribute.Options{
		Namespace: options.Namespace, StaleAfter: options.StaleAfter, Log: options.Log, Metrics: distribute.NewMetrics(options.Registry),
	})
	if err != nil {
		return err
	}
	err = report.Setup(mgr, report.Options{
		Namespace: options.Namespace, StaleAfter: options.StaleAfter, Log: options.Log, Metrics: report.NewMetrics(options.Registry),
	})
	if err != nil {
		return err
	}
	if err := setupWebhook(mgr, options); err != nil {
		return err
	}
	if err := setupSessions(mgr, options); err != nil {
		return err
	}
	if options.Tenants != nil {
		err := tenants.Setup(mgr, tenants.Options{Namespace: options.Namespace, StaleAfter: options.StaleAfter, Rules: *options.Tenants, Log: options.Log})
		if err != nil {
			return err
		}
	}
	if err := mgr.AddHealthzCheck("alive", healthz.Ping); err != nil {
		return fmt.Errorf("adding the health check: %w", err)
	}
	if err := mgr.AddReadyzCheck("caches", synced(mgr)); err != nil {
		return fmt.Errorf("adding the readiness check: %w", err)
	}
	return nil
}

func setupWebhook(mgr manager.Manager, options Options) error {
	if options.WebhookPort == 0 {
		return nil
	}
	return admit.Setup(mgr, admit.Options{
		Namespace: options.Namespace, Port: options.WebhookPort, Log: options.Log, Metrics: admit.NewMetrics(options.Registry), Tenants: options.Tenants,
		Now: options.clock(),
	})
}

func setupSessions(mgr manager.Manager, options Options) error {
	if options.APIAuditPort == 0 {
		return nil
	}
	return sessions.Setup(mgr, sessions.Options{
		Namespace: options.Namespace, Port: options.APIAuditPort, Log: options.Log, Metrics: sessions.NewMetrics(options.Registry), Now: options.clock(),
	})
}

func (o *Options) clock() func() time.Time {
	if o.Now == nil {
		return time.Now
	}
	return o.Now
}

// synced says that the caches are filled. A replica that stands by is ready as well: it could take over.
func synced(mgr manager.Manager) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), time.Second)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return fmt.Errorf("the caches are not filled yet: see whether the API server answers")
		}
		return nil
	}
}
