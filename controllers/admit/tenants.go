package admit

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// tenants judges what people of namespaces write. It is safe for concurrent use.
type tenants struct {
	client client.Reader
	rules  *compile.TenantRules // nil: they are not let in
	log    *slog.Logger
}

// notLetIn is told to who writes what nobody looks at.
const notLetIn = "tenants are not let in, and nothing is sent: ask whoever administers nodeaudit to set the chart's value tenants.enabled"

// newTenants has their objects watched on every replica, where the controller has the right to.
func newTenants(from cache.Cache, options Options) (*tenants, error) {
	t := &tenants{client: from, rules: options.Tenants, log: options.Log}
	if t.rules == nil {
		return t, nil
	}
	for _, object := range []client.Object{&v1alpha1.AuditRoute{}, &v1alpha1.NamespacedAuditSink{}} {
		if _, err := from.GetInformer(context.Background(), object, cache.BlockUntilSynced(false)); err != nil {
			return nil, fmt.Errorf("watching %T for the webhook: %w", object, err)
		}
	}
	return t, nil
}

func (t *tenants) routes() judge[*v1alpha1.AuditRoute] {
	return judge[*v1alpha1.AuditRoute]{
		func(o *v1alpha1.AuditRoute) any { return o.Spec },
		func(ctx context.Context, o *v1alpha1.AuditRoute) (admission.Warnings, error) {
			if alone := compile.ForTenantRoute(o); alone.Reason != "" {
				return nil, refusal("AuditRoute", o.Name, alone.Reason, alone.Message)
			}
			return t.remarks(ctx, o, func(n *namespace) { n.routes = with(n.routes, *o, o.Name, routeName) }), nil
		},
	}
}

func (t *tenants) sinks() judge[*v1alpha1.NamespacedAuditSink] {
	return judge[*v1alpha1.NamespacedAuditSink]{
		func(o *v1alpha1.NamespacedAuditSink) any { return o.Spec },
		func(ctx context.Context, o *v1alpha1.NamespacedAuditSink) (admission.Warnings, error) {
			if alone := compile.ForTenantSink(o); alone.Reason != "" {
				return nil, refusal("NamespacedAuditSink", o.Name, alone.Reason, alone.Message)
			}
			return t.remarks(ctx, o, func(n *namespace) { n.sinks = with(n.sinks, *o, o.Name, sinkName) }), nil
		},
	}
}

// namespace is what one has of both kinds.
type namespace struct {
	routes []v1alpha1.AuditRoute
	sinks  []v1alpha1.NamespacedAuditSink
}

func routeName(o *v1alpha1.AuditRoute) string         { return o.Name }
func sinkName(o *v1alpha1.NamespacedAuditSink) string { return o.Name }

// with returns the list with the object, in the place of the one of its name. The list is the cache's, and is not changed.
func with[T any](list []T, object T, name string, nameOf func(*T) string) []T {
	list = slices.Clone(list)
	if i := slices.IndexFunc(list, func(o T) bool { return nameOf(&o) == name }); i >= 0 {
		list[i] = object
		return list
	}
	return append(list, object)
}

// remarks says what the object, which compiles alone, would be and do among the others of its namespace, in the words that the statuses will have. The
// room that all namespaces share is not asked for: it would take all of them.
func (t *tenants) remarks(ctx context.Context, object client.Object, change func(*namespace)) admission.Warnings {
	if t.rules == nil {
		return admission.Warnings{notLetIn}
	}
	var routes v1alpha1.AuditRouteList
	var sinks v1alpha1.NamespacedAuditSinkList
	for _, list := range []client.ObjectList{&routes, &sinks} {
		if err := t.client.List(ctx, list, client.InNamespace(object.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
			// What it says itself was judged all the same.
			t.log.Warn("judging what a tenant writes without what is beside it", "namespace", object.GetNamespace(), "name", object.GetName(), "err", err)
			return nil
		}
	}
	n := namespace{routes.Items, sinks.Items}
	_, before := compile.Tenants(n.routes, n.sinks, *t.rules)
	change(&n)
	_, after := compile.Tenants(n.routes, n.sinks, *t.rules)
	return limit(worse(object, before, after))
}

// worse says what is to be said of the object, and of others that it puts out of use.
func worse(object client.Object, before, after compile.TenantVerdicts) []string {
	_, isRoute := object.(*v1alpha1.AuditRoute)
	self := nodeconfig.TenantKey{Namespace: object.GetNamespace(), Name: object.GetName()}
	var mine, others []string
	for _, kind := range []struct {
		name          string
		before, after map[nodeconfig.TenantKey]compile.TenantVerdict
		own           bool
	}{
		{"AuditRoute", before.Routes, after.Routes, isRoute},
		{"NamespacedAuditSink", before.Sinks, after.Sinks, !isRoute},
	} {
		for _, key := range slices.SortedFunc(maps.Keys(kind.after), func(a, b nodeconfig.TenantKey) int { return cmp.Compare(a.Name, b.Name) }) {
			verdict := kind.after[key]
			switch {
			case kind.own && key == self && verdict.Reason != "":
				mine = append(mine, "it will not be Ready: "+verdict.Message)
			case kind.own && key == self && verdict.Message != "":
				mine = append(mine, verdict.Message)
			case verdict.Reason != "" && kind.before[key].Reason == "" && (!kind.own || key != self):
				others = append(others, fmt.Sprintf("%s %s will not be Ready any more: %s", kind.name, key.Name, verdict.Message))
			}
		}
	}
	return append(mine, others...)
}
