package tenants

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/rollup"
)

// report writes each status that says something new.
func (r *Reconciler) report(ctx context.Context, routes []v1alpha1.AuditRoute, sinks []v1alpha1.NamespacedAuditSink, reports []v1alpha1.NodeAuditStatus) error {
	clock := rollup.Clock{Now: r.now(), StaleAfter: r.options.StaleAfter}
	var errs []error
	fleet := rollup.NewTenantFleet(reports, clock)
	for i := range routes {
		o := &routes[i]
		key := nodeconfig.TenantKey{Namespace: o.Namespace, Name: o.Name}
		verdict := r.verdicts.Routes[key]
		changed := o.DeepCopy()
		changed.Status = rollup.TenantRoute(o, rollup.TenantVerdict{Reason: verdict.Reason, Message: verdict.Message, Holds: r.written.holds(routeName(key))}, fleet, clock)
		if !equality.Semantic.DeepEqual(o.Status, changed.Status) {
			errs = append(errs, r.patch(ctx, changed, o))
		}
	}
	used := rollup.TenantNodes(reports, clock)
	for i := range sinks {
		o := &sinks[i]
		key := nodeconfig.TenantKey{Namespace: o.Namespace, Name: o.Name}
		verdict := r.verdicts.Sinks[key]
		changed := o.DeepCopy()
		changed.Status = rollup.TenantSink(o, rollup.TenantVerdict{
			Reason: verdict.Reason, Message: verdict.Message, Used: verdict.Used, Holds: r.written.holds(sinkName(key)),
		}, used[key.String()], fleet, clock)
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
