// Package report writes what is true into the status of policies and sinks, and tells transitions as Kubernetes Events.
//
// The fleet comes in through package observe, the status is made by package rollup, and written only where it differs from what is there. It
// never writes a ConfigMap, and is the only writer of these statuses.
package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
	"github.com/nodeaudit/nodeaudit/controllers/rollup"
)

const (
	// settle is how long changes are gathered before a look: in a rollout many nodes report at once.
	settle = 300 * time.Millisecond
	// tellAgain is the time to a look for Events that had to wait.
	tellAgain = 10 * time.Second
	// patience bounds one pass.
	patience = time.Minute
)

// Reconciler reports. Create it with Setup.
type Reconciler struct {
	client     client.Client
	reader     *observe.Reader
	recorder   events.EventRecorder
	staleAfter time.Duration
	log        *slog.Logger
	metrics    *Metrics
	now        func() time.Time
	told       map[string]told
}

// Options are what a Reconciler needs beside the manager.
type Options struct {
	// Namespace is that of the ConfigMaps.
	Namespace string
	// StaleAfter is the age beyond which a node's report counts as missing.
	StaleAfter time.Duration
	// Log is where it says what it did.
	Log *slog.Logger
	// Metrics has the state of the fleet.
	Metrics *Metrics
}

// Setup adds the reconciler to the manager.
func Setup(mgr manager.Manager, options Options) error {
	r := &Reconciler{
		client:     mgr.GetClient(),
		reader:     observe.NewReader(mgr.GetClient(), options.Namespace),
		recorder:   mgr.GetEventRecorder("nodeaudit-controller"),
		staleAfter: options.StaleAfter,
		log:        options.Log,
		metrics:    options.Metrics,
		now:        time.Now,
	}
	return observe.Start(mgr, "report", r, patience, observe.Fleet(mgr.GetCache(), settle, options.StaleAfter)...)
}

// Reconcile takes one look at the fleet and brings every status up to date.
func (r *Reconciler) Reconcile(ctx context.Context, _ observe.Look) (reconcile.Result, error) {
	world, err := r.reader.World(ctx)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("observing the fleet: %w", err)
	}
	clock := rollup.Clock{Now: r.now(), StaleAfter: r.staleAfter}
	views := look(world)
	var errs []error
	for i := range world.Policies {
		errs = append(errs, r.policy(ctx, &world.Policies[i], world, views, clock))
	}
	for i := range world.Sinks {
		errs = append(errs, r.sink(ctx, &world.Sinks[i], views, clock))
	}
	more := r.nodes(world, clock.Now)
	r.metrics.forget(world)
	if err := errors.Join(errs...); err != nil {
		return reconcile.Result{}, err
	}
	next := nextStale(world, clock)
	if more {
		next = min(next, tellAgain)
	}
	return reconcile.Result{RequeueAfter: next}, nil
}

// policy writes the status of one policy, if it says something new.
func (r *Reconciler) policy(ctx context.Context, policy *v1alpha1.AuditPolicy, world *observe.World, views views, clock rollup.Clock) error {
	v := world.Verdicts[policy.Name]
	verdict := rollup.Verdict{Reason: v.Reason, Message: v.Message, Warnings: v.Warnings, MissingSinks: v.MissingSinks}
	status := rollup.Policy(policy, verdict, views.policies[policy.Name], clock)
	r.metrics.policy(policy.Name, status)
	if equality.Semantic.DeepEqual(policy.Status, status) {
		return nil
	}
	changed := policy.DeepCopy()
	changed.Status = status
	if err := r.patch(ctx, changed, policy); err != nil {
		return fmt.Errorf("writing the status of policy %s: %w", policy.Name, err)
	}
	r.announce(policy, policy.Status.Conditions, status.Conditions)
	return nil
}

// sink writes the status of one sink, if it says something new.
func (r *Reconciler) sink(ctx context.Context, sink *v1alpha1.AuditSink, views views, clock rollup.Clock) error {
	status := rollup.Sink(sink, views.sinks[sink.Name], clock)
	if equality.Semantic.DeepEqual(sink.Status, status) {
		return nil
	}
	changed := sink.DeepCopy()
	changed.Status = status
	if err := r.patch(ctx, changed, sink); err != nil {
		return fmt.Errorf("writing the status of sink %s: %w", sink.Name, err)
	}
	r.announce(sink, sink.Status.Conditions, status.Conditions)
	return nil
}

// patch writes the status. An object that was deleted meanwhile needs none.
func (r *Reconciler) patch(ctx context.Context, changed, from client.Object) error {
	err := r.client.Status().Patch(ctx, changed, client.MergeFrom(from))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// nextStale is when the oldest report that still counts ceases to, unless it is renewed.
func nextStale(world *observe.World, clock rollup.Clock) time.Duration {
	next := clock.StaleAfter
	for _, node := range world.Nodes {
		if node.Report == nil {
			continue
		}
		left := clock.StaleAfter - clock.Now.Sub(node.Report.HeartbeatTime.Time)
		if left >= 0 && left < next {
			next = left
		}
	}
	return next + time.Second
}
