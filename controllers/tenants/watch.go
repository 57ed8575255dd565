package tenants

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

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
		source.TypedKind(mgr.GetCache(), &v1alpha1.AuditRoute{}, soon[*v1alpha1.AuditRoute](settle), predicate.TypedGenerationChangedPredicate[*v1alpha1.AuditRoute]{}),
		source.TypedKind(mgr.GetCache(), &v1alpha1.NamespacedAuditSink{}, soon[*v1alpha1.NamespacedAuditSink](settle), predicate.TypedGenerationChangedPredicate[*v1alpha1.NamespacedAuditSink]{}),
		source.TypedKind(mgr.GetCache(), &corev1.ConfigMap{}, soon[*corev1.ConfigMap](settle), ours),
		source.TypedKind(mgr.GetCache(), &v1alpha1.NodeAuditStatus{}, soon[*v1alpha1.NodeAuditStatus](gather), acknowledging()),
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

func soon[T client.Object](delay time.Duration) handler.TypedFuncs[T, look] {
	type queue = workqueue.TypedRateLimitingInterface[look]
	return handler.TypedFuncs[T, look]{
		CreateFunc: func(_ context.Context, _ event.TypedCreateEvent[T], q queue) { q.AddAfter(look{}, delay) },
		UpdateFunc: func(_ context.Context, _ event.TypedUpdateEvent[T], q queue) { q.AddAfter(look{}, delay) },
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[T], q queue) { q.AddAfter(look{}, delay) },
	}
}

// acknowledging passes the reports of nodes that have taken another document into use, or that a policy has come to select, or selects no more.
func acknowledging() predicate.TypedFuncs[*v1alpha1.NodeAuditStatus] {
	return predicate.TypedFuncs[*v1alpha1.NodeAuditStatus]{
		UpdateFunc: func(e event.TypedUpdateEvent[*v1alpha1.NodeAuditStatus]) bool {
			before, after := &e.ObjectOld.Status, &e.ObjectNew.Status
			return before.TenantsDigest != after.TenantsDigest || (len(before.Policies) == 0) != (len(after.Policies) == 0)
		},
	}
}
