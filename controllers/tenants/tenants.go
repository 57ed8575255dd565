// Package tenants gives the agents what the people of namespaces ask for, and tells those people what became of it.
//
// AuditRoutes, NamespacedAuditSinks and the reports of nodes come in; one ConfigMap for all agents and the statuses of these objects go out. What is
// taken and what refused, package compile decides; what a status says, package rollup. It never writes the configuration of a node: an edit of a tenant's
// makes no policy wait, and no rollout begin.
package tenants

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

const (
	// settle is how long changes are gathered before a look.
	settle = 300 * time.Millisecond
	// gather is how long acknowledgements are gathered: after an edit all nodes send one.
	gather = time.Second
	// lookEvery is how often the reports of nodes are added up. They change all the time, and other news in them are no reason for a look.
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
	document nodeconfig.Tenants
	data     map[string]string
	verdicts compile.TenantVerdicts
	written  history
}

// Reconcile takes one look, writes the ConfigMap, and then the statuses.
func (r *Reconciler) Reconcile(ctx context.Context, _ observe.Look) (reconcile.Result, error) {
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
	document.Digest = data[nodeconfig.DigestKey]
	r.source, r.document, r.data, r.verdicts = text.String(), document, data, verdicts
	return nil
}
