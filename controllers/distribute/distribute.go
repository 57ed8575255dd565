// Package distribute gives every node the configuration that the policies ask for: it observes the fleet, plans, and writes the ConfigMap of
// each node that may change now, with the immutable rule sets that they share.
//
// Policies, sinks, Nodes, ConfigMaps and reports come in through package observe, ConfigMaps go out. What was edited or deleted by hand is
// put back. It never touches a node's kernel, which is the agent's work, and never writes a status, which is package report's.
package distribute

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

const (
	// settle is how long changes are gathered before a look: an edit of a policy and of its sink is one change.
	settle = 100 * time.Millisecond
	// patience bounds one pass. 5,000 ConfigMaps take about 20 s.
	patience = 5 * time.Minute
	// again is when a pass that met another writer is repeated.
	again = time.Second
)

// Reconciler distributes. Create it with New.
type Reconciler struct {
	client    client.Client
	reader    *observe.Reader
	namespace string
	log       *slog.Logger
	metrics   *Metrics
	now       func() time.Time
}

// Options are what a Reconciler needs beside the manager.
type Options struct {
	// Namespace is that of the ConfigMaps.
	Namespace string
	// StaleAfter is the age beyond which a report that is renewed is news.
	StaleAfter time.Duration
	// Log is where it says what it did.
	Log *slog.Logger
	// Metrics counts what it did.
	Metrics *Metrics
}

// Setup adds the reconciler to the manager.
func Setup(mgr manager.Manager, options Options) error {
	r := &Reconciler{
		client:    mgr.GetClient(),
		reader:    observe.NewReader(mgr.GetClient(), options.Namespace),
		namespace: options.Namespace,
		log:       options.Log,
		metrics:   options.Metrics,
		now:       time.Now,
	}
	return observe.Start(mgr, "distribute", r, patience, observe.Fleet(mgr.GetCache(), settle, options.StaleAfter)...)
}

// Reconcile takes one look at the fleet and makes the ConfigMaps follow.
func (r *Reconciler) Reconcile(ctx context.Context, _ observe.Look) (reconcile.Result, error) {
	world, err := r.reader.World(ctx)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("observing the fleet: %w", err)
	}
	now := r.now()
	plan := decide(world, now)
	r.metrics.held.Set(float64(plan.held))
	for _, node := range plan.unreadable {
		r.log.Warn("leaving a node as it is: a policy is stalled and what the node has of it cannot be read", "node", node)
	}
	if err := r.act(ctx, plan); onlyConflicts(err) {
		return reconcile.Result{RequeueAfter: again}, nil
	} else if err != nil {
		return reconcile.Result{}, err
	}
	if plan.next.IsZero() {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{RequeueAfter: max(time.Millisecond, plan.next.Sub(now))}, nil
}

// onlyConflicts says that the pass failed only because somebody else wrote at the same time: the next look sees what they wrote.
func onlyConflicts(err error) bool {
	if err == nil {
		return false
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return apierrors.IsConflict(err)
	}
	for _, e := range joined.Unwrap() {
		if !apierrors.IsConflict(e) {
			return false
		}
	}
	return true
}
