// Package tenants gives the agents what the people of namespaces ask for, and tells those people what became of it.
//
// AuditRoutes, NamespacedAuditSinks and the reports of nodes come in; one ConfigMap for all agents and the statuses of these objects go out. What is
// taken and what refused, package compile decides; what a status says, package rollup. It never writes the configuration of a node: an edit of a tenant's
// makes no policy wait, and no rollout begin.
package tenants

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/controllers/rollup"
)

const (
	// settle is how long changes are gathered before a look.
	settle = 300 * time.Millisecond
	// lookEvery is how often the reports of nodes are added up. They change all the time, and are no reason for a look.
	lookEvery = 15 * time.Second
	// again is when a look that met another writer is repeated.
	again = time.Second
	// patience bounds one look.
	patience = time.Minute
)

// Options are what a Reconciler needs beside the manager.
type Options struct {
	// Namespace is that of the ConfigMap.
	Namespace string
	// StaleAfter is the age beyond which a node's report counts as missing.
	StaleAfter time.Duration
	// Rules are what the platform lets tenants have.
	Rules compile.TenantRules
	// Log is where it says what it did.
	Log *slog.Logger
}

// Reconciler works for tenants. Create it with Setup.
type Reconciler struct {
	client  client.Client
	options Options
	now     func() time.Time

	source   string // what the rest was compiled from
	data     map[string]string
	verdicts compile.TenantVerdicts
}

// look is the one request: look at all tenants.
type look struct{}

// Setup adds the reconciler to the manager.
func Setup(mgr manager.Manager, options Options) error {
	r := &Reconciler{client: mgr.GetClient(), options: options, now: time.Now}
	c, err := controller.NewTyped("tenants", mgr, controller.TypedOptions[look]{Reconciler: r, ReconciliationTimeout: patience})
	if err != nil {
		return fmt.Errorf("creating the controller tenants: %w", err)
	}
	ours := predicate.NewTypedPredicateFuncs(func(m *corev1.ConfigMap) bool { return m.Name == nodeconfig.TenantsName })
	for _, s := range []source.TypedSource[look]{
		source.TypedKind(mgr.GetCache(), &v1alpha1.AuditRoute{}, soon[*v1alpha1.AuditRoute](), predicate.TypedGenerationChangedPredicate[*v1alpha1.AuditRoute]{}),
		source.TypedKind(mgr.GetCache(), &v1alpha1.NamespacedAuditSink{}, soon[*v1alpha1.NamespacedAuditSink](), predicate.TypedGenerationChangedPredicate[*v1alpha1.NamespacedAuditSink]{}),
		source.TypedKind(mgr.GetCache(), &corev1.ConfigMap{}, soon[*corev1.ConfigMap](), ours),
		// Once without a cause: the ConfigMap is there also while nobody asks for anything.
		source.TypedFunc[look](func(_ context.Context, q workqueue.TypedRateLimitingInterface[look]) error {
			q.AddAfter(look{}, settle)
			return nil
		}),
	} {
		if err := c.Watch(s); err != nil {
			return fmt.Errorf("watching for the controller tenants: %w", err)
		}
	}
	return nil
}

func soon[T client.Object]() handler.TypedFuncs[T, look] {
	type queue = workqueue.TypedRateLimitingInterface[look]
	return handler.TypedFuncs[T, look]{
		CreateFunc: func(_ context.Context, _ event.TypedCreateEvent[T], q queue) { q.AddAfter(look{}, settle) },
		UpdateFunc: func(_ context.Context, _ event.TypedUpdateEvent[T], q queue) { q.AddAfter(look{}, settle) },
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[T], q queue) { q.AddAfter(look{}, settle) },
	}
}

// Reconcile takes one look, writes the ConfigMap, and then the statuses.
func (r *Reconciler) Reconcile(ctx context.Context, _ look) (reconcile.Result, error) {
	var routes v1alpha1.AuditRouteList
	var sinks v1alpha1.NamespacedAuditSinkList
	var reports v1alpha1.NodeAuditStatusList
	for _, list := range []client.ObjectList{&routes, &sinks, &reports} {
		if err := r.client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return reconcile.Result{}, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	if err := r.compile(routes.Items, sinks.Items); err != nil {
		return reconcile.Result{}, err
	}
	err := r.distribute(ctx)
	if err == nil {
		err = r.report(ctx, routes.Items, sinks.Items, reports.Items)
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	return reconcile.Result{RequeueAfter: lookEvery}, err
}

// compile compiles where something has changed.
func (r *Reconciler) compile(routes []v1alpha1.AuditRoute, sinks []v1alpha1.NamespacedAuditSink) error {
	var text strings.Builder
	for _, o := range routes {
		fmt.Fprintf(&text, "%s/%d ", o.UID, o.Generation)
	}
	for _, o := range sinks {
		fmt.Fprintf(&text, "%s/%d ", o.UID, o.Generation)
	}
	if r.data != nil && text.String() == r.source {
		return nil
	}
	document, verdicts := compile.Tenants(routes, sinks, r.options.Rules)
	data, err := nodeconfig.EncodeTenants(document)
	if err != nil {
		return err
	}
	r.source, r.data, r.verdicts = text.String(), data, verdicts
	return nil
}

// distribute makes the ConfigMap what it should be.
func (r *Reconciler) distribute(ctx context.Context) error {
	wanted := &corev1.ConfigMap{Data: r.data}
	wanted.Namespace, wanted.Name = r.options.Namespace, nodeconfig.TenantsName
	wanted.Labels = map[string]string{
		"app.kubernetes.io/name": "nodeaudit", "app.kubernetes.io/managed-by": "nodeaudit-controller", nodeconfig.KindLabel: nodeconfig.KindTenants,
	}
	has := &corev1.ConfigMap{}
	err := r.client.Get(ctx, client.ObjectKeyFromObject(wanted), has)
	switch {
	case apierrors.IsNotFound(err):
		err = r.client.Create(ctx, wanted)
		if apierrors.IsAlreadyExists(err) {
			// Somebody took the label by which the cache knows it. Without a resource version, whatever is there is replaced.
			err = r.client.Update(ctx, wanted)
		}
	case err != nil:
	case maps.Equal(has.Data, wanted.Data) && maps.Equal(has.Labels, wanted.Labels) && len(has.BinaryData) == 0:
		return nil
	case has.Immutable != nil && *has.Immutable:
		err = r.client.Delete(ctx, has.DeepCopy()) // the next look creates it again
	default:
		wanted.ResourceVersion = has.ResourceVersion
		err = r.client.Update(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("writing the ConfigMap of tenants: %w", err)
	}
	r.options.Log.Info("wrote what tenants ask for", "digest", r.data[nodeconfig.DigestKey])
	return nil
}

// report writes each status that says something new.
func (r *Reconciler) report(ctx context.Context, routes []v1alpha1.AuditRoute, sinks []v1alpha1.NamespacedAuditSink, reports []v1alpha1.NodeAuditStatus) error {
	clock := rollup.Clock{Now: r.now(), StaleAfter: r.options.StaleAfter}
	var errs []error
	fleet := rollup.NewTenantFleet(reports, clock)
	for i := range routes {
		o := &routes[i]
		verdict := r.verdicts.Routes[nodeconfig.TenantKey{Namespace: o.Namespace, Name: o.Name}]
		changed := o.DeepCopy()
		changed.Status = rollup.TenantRoute(o, rollup.TenantVerdict{Reason: verdict.Reason, Message: verdict.Message}, fleet, clock)
		if !equality.Semantic.DeepEqual(o.Status, changed.Status) {
			errs = append(errs, r.patch(ctx, changed, o))
		}
	}
	seen := rollup.TenantNodes(reports, clock)
	for i := range sinks {
		o := &sinks[i]
		verdict := r.verdicts.Sinks[nodeconfig.TenantKey{Namespace: o.Namespace, Name: o.Name}]
		changed := o.DeepCopy()
		changed.Status = rollup.TenantSink(o, rollup.TenantVerdict{Reason: verdict.Reason, Message: verdict.Message, Used: verdict.Used}, seen[o.Namespace+"/"+o.Name], clock)
		if !equality.Semantic.DeepEqual(o.Status, changed.Status) {
			errs = append(errs, r.patch(ctx, changed, o))
		}
	}
	return errors.Join(errs...)
}

// patch writes the status. An object that was deleted meanwhile needs none.
func (r *Reconciler) patch(ctx context.Context, changed, from client.Object) error {
	if err := r.client.Status().Patch(ctx, changed, client.MergeFrom(from)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the status of %s/%s: %w", from.GetNamespace(), from.GetName(), err)
	}
	return nil
}
