package observe

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
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
	"github.com/nodeaudit/nodeaudit/controllers/rollup"
)

// Look is the one request of a reconciler: look at the whole fleet, or at all tenants. Rollouts and rule sets concern all nodes together.
type Look struct{}

// node is a Node of which only the metadata is cached.
func node() *metav1.PartialObjectMetadata {
	n := &metav1.PartialObjectMetadata{}
	n.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	return n
}

// CacheOptions says what is cached: our own ConfigMaps in our namespace, the labels of Nodes, and of reports what the controller reads.
func CacheOptions(namespace string) cache.Options {
	own := labels.NewSelector()
	if kinds, err := labels.NewRequirement(nodeconfig.KindLabel, "in", []string{nodeconfig.KindNode, nodeconfig.KindRules, nodeconfig.KindTenants}); err == nil {
		own = own.Add(*kinds)
	}
	return cache.Options{
		ReaderFailOnMissingInformer: true,
		DefaultTransform:            cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.ConfigMap{}:         {Label: own, Namespaces: map[string]cache.Config{namespace: {}}},
			node():                      {Transform: stripNode},
			&v1alpha1.NodeAuditStatus{}: {Transform: stripReport},
		},
	}
}

// stripNode keeps what selection needs: 5,000 nodes carry megabytes of annotations.
func stripNode(object any) (any, error) {
	if n, ok := object.(*metav1.PartialObjectMetadata); ok {
		n.ManagedFields, n.Annotations = nil, nil
	}
	return object, nil
}

// stripReport drops the parts of a report that no status and no Event is made from.
func stripReport(object any) (any, error) {
	if n, ok := object.(*v1alpha1.NodeAuditStatus); ok {
		n.ManagedFields = nil
		var troubled []v1alpha1.RouteReport // of tenants, whose routes say so in their status
		for _, r := range n.Status.Events.Routes {
			if rollup.Troubled(r) {
				troubled = append(troubled, r)
			}
		}
		n.Status.Rules, n.Status.Events = v1alpha1.RulesReport{}, v1alpha1.EventsReport{Routes: troubled}
	}
	return object, nil
}

// Start adds the reconciler to the manager as a controller of that name, which looks after each change that the sources tell of, for so long at most.
func Start(mgr manager.Manager, name string, r reconcile.TypedReconciler[Look], patience time.Duration, sources ...source.TypedSource[Look]) error {
	c, err := controller.NewTyped(name, mgr, controller.TypedOptions[Look]{Reconciler: r, ReconciliationTimeout: patience})
	if err != nil {
		return fmt.Errorf("creating the controller %s: %w", name, err)
	}
	for _, source := range sources {
		if err := c.Watch(source); err != nil {
			return fmt.Errorf("watching for the controller %s: %w", name, err)
		}
	}
	return nil
}

// Fleet are the changes of all that World has. What comes within delay is one look. A report that is renewed after more than staleAfter counts as a
// change, although it says what it said before.
func Fleet(from cache.Cache, delay, staleAfter time.Duration) []source.TypedSource[Look] {
	return []source.TypedSource[Look]{
		source.TypedKind(from, &v1alpha1.AuditPolicy{}, Soon[*v1alpha1.AuditPolicy](delay), predicate.TypedGenerationChangedPredicate[*v1alpha1.AuditPolicy]{}),
		source.TypedKind(from, &v1alpha1.AuditSink{}, Soon[*v1alpha1.AuditSink](delay), predicate.TypedGenerationChangedPredicate[*v1alpha1.AuditSink]{}),
		source.TypedKind(from, node(), Soon[*metav1.PartialObjectMetadata](delay), predicate.TypedLabelChangedPredicate[*metav1.PartialObjectMetadata]{}),
		source.TypedKind(from, &corev1.ConfigMap{}, Soon[*corev1.ConfigMap](delay), predicate.TypedResourceVersionChangedPredicate[*corev1.ConfigMap]{}),
		source.TypedKind(from, &v1alpha1.NodeAuditStatus{}, Soon[*v1alpha1.NodeAuditStatus](delay), newsworthy(staleAfter)),
	}
}

// Soon asks for a look after the delay. A look that is already due stays where it is, so a stream of changes cannot put it off.
func Soon[T client.Object](delay time.Duration) handler.TypedFuncs[T, Look] {
	type queue = workqueue.TypedRateLimitingInterface[Look]
	return handler.TypedFuncs[T, Look]{
		CreateFunc: func(_ context.Context, _ event.TypedCreateEvent[T], q queue) { q.AddAfter(Look{}, delay) },
		UpdateFunc: func(_ context.Context, _ event.TypedUpdateEvent[T], q queue) { q.AddAfter(Look{}, delay) },
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[T], q queue) { q.AddAfter(Look{}, delay) },
	}
}

// newsworthy passes reports that say something new. Most only renew the heartbeat and move counters.
func newsworthy(staleAfter time.Duration) predicate.TypedFuncs[*v1alpha1.NodeAuditStatus] {
	return predicate.TypedFuncs[*v1alpha1.NodeAuditStatus]{
		UpdateFunc: func(e event.TypedUpdateEvent[*v1alpha1.NodeAuditStatus]) bool {
			before, after := &e.ObjectOld.Status, &e.ObjectNew.Status
			revived := after.HeartbeatTime.Sub(before.HeartbeatTime.Time) > staleAfter
			return revived || !equality.Semantic.DeepEqual(news(before), news(after))
		},
	}
}

// news is the report without what changes all the time.
func news(report *v1alpha1.NodeAuditReport) *v1alpha1.NodeAuditReport {
	n := report.DeepCopy()
	n.HeartbeatTime = metav1.Time{}
	if n.Kernel != nil {
		n.Kernel = &v1alpha1.KernelReport{Enabled: n.Kernel.Enabled}
	}
	n.TenantSinks, n.TenantsDigest = nil, "" // nobody who looks at the fleet asks for them
	for i := range n.Sinks {
		n.Sinks[i].Written, n.Sinks[i].Dropped = 0, 0
	}
	return n
}
