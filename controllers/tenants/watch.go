package tenants

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

// Setup adds the reconciler to the manager.
func Setup(mgr manager.Manager, options Options) error {
	r := &Reconciler{client: mgr.GetClient(), options: options, now: time.Now}
	ours := predicate.NewTypedPredicateFuncs(func(m *corev1.ConfigMap) bool { return m.Name == nodeconfig.TenantsName })
	return observe.Start(mgr, "tenants", r, patience,
		source.TypedKind(mgr.GetCache(), &v1alpha1.AuditRoute{}, observe.Soon[*v1alpha1.AuditRoute](settle), predicate.TypedGenerationChangedPredicate[*v1alpha1.AuditRoute]{}),
		source.TypedKind(mgr.GetCache(), &v1alpha1.NamespacedAuditSink{}, observe.Soon[*v1alpha1.NamespacedAuditSink](settle), predicate.TypedGenerationChangedPredicate[*v1alpha1.NamespacedAuditSink]{}),
		source.TypedKind(mgr.GetCache(), &corev1.ConfigMap{}, observe.Soon[*corev1.ConfigMap](settle), ours),
		source.TypedKind(mgr.GetCache(), &v1alpha1.NodeAuditStatus{}, observe.Soon[*v1alpha1.NodeAuditStatus](gather), acknowledging()),
		// Once without a cause: the ConfigMap is there also while nobody asks for anything.
		source.TypedFunc[observe.Look](func(_ context.Context, q workqueue.TypedRateLimitingInterface[observe.Look]) error {
			q.AddAfter(observe.Look{}, settle)
			return nil
		}),
	)
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
