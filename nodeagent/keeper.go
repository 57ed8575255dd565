package nodeagent

import (
	"context"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/pipeline"
)

// settle is how long changes of the audit system are collected before the next look: a rules file is loaded line by line.
const settle = 200 * time.Millisecond

// keeper makes passes: with each update, after each change of the audit system, and on a timer.
type keeper struct {
	options   Options
	converger *converge.Converger
	road      *pipeline.Pipeline
	kick      <-chan converge.Change
	updates   chan desired.Update
	metrics   *metrics
	reboots   *reboots
	files     *nodeFiles
	who       *who
	tenants   *tenancy

	state     *desired.State
	invalid   error
	lostAtRun *int64
	lastPass  atomic.Int64 // unix nanoseconds
}

func newKeeper(options Options, converger *converge.Converger, files *nodeFiles, road *pipeline.Pipeline, reboots *reboots, who *who, kick <-chan converge.Change) *keeper {
	return &keeper{
		options: options, converger: converger, files: files, road: road, kick: kick,
		updates: make(chan desired.Update), metrics: newMetrics(options.Registry, options.Version),
		reboots: reboots, who: who, tenants: newTenancy(options.Tenants, road.ConfigureTenants),
	}
}

// update hands an update over, unless the keeper has ended.
func (k *keeper) update(ctx context.Context, u desired.Update) {
	select {
	case k.updates <- u:
	case <-ctx.Done():
	}
}

func (k *keeper) run(ctx context.Context) error {
	ticker := time.NewTicker(k.options.Interval)
	defer ticker.Stop()
	defer k.reboots.end()
	k.await(ctx)
	for ctx.Err() == nil {
		k.pass(ctx)
		select {
		case <-ctx.Done():
		case u := <-k.updates:
			k.take(u)
			k.tenants.settle(ctx)
		case <-ticker.C:
		case <-k.tenants.switched:
		case <-k.wake():
		case <-k.files.changed:
		case change := <-k.kick:
			k.converger.Saw(change)
			k.collect(ctx)
		}
	}
	return nil
}

// wake comes when something that was left alone for a while is to be repaired.
func (k *keeper) wake() <-chan time.Time {
	at := k.converger.Wake()
	if at.IsZero() {
		return nil
	}
	return time.After(time.Until(at))
}

// await gives the first configuration a moment, so that the first report is about it.
func (k *keeper) await(ctx context.Context) {
	select {
	case <-ctx.Done():
	case u := <-k.updates:
		k.take(u)
		k.tenants.settle(ctx)
	case <-time.After(time.Second):
	}
}

// take keeps the state that is known to be good when something else arrives.
func (k *keeper) take(u desired.Update) {
	k.invalid = u.Err
	if u.Err != nil {
		k.options.Log.Error("going on with the last good configuration", "err", u.Err)
		return
	}
	k.state = u.State
	k.road.CollectFrom(u.State.Config.Collect)
	k.files.ask(u.State.Config)
	k.road.Configure(u.State.Config.Routes, u.State.Config.Sinks)
	k.tenants.concern(!u.State.Released())
	k.options.Log.Info("new configuration", "digest", u.State.Digest, "policies", len(u.State.Config.Policies))
}

func (k *keeper) collect(ctx context.Context) {
	over := time.After(settle)
	for {
		select {
		case <-ctx.Done():
			return
		case change := <-k.kick:
			k.converger.Saw(change)
		case <-over:
			return
		}
	}
}

func (k *keeper) pass(ctx context.Context) {
	started := time.Now()
	report := k.converger.Pass(ctx, k.state)
	k.complete(&report)
	k.metrics.observe(report, time.Since(started))
	k.lastPass.Store(time.Now().UnixNano())
	if ctx.Err() == nil {
		k.options.Publisher.Offer(report)
	}
}

// complete adds what the policy road does not know.
func (k *keeper) complete(report *v1alpha1.NodeAuditReport) {
	report.AgentVersion, report.HeartbeatTime = k.options.Version, heartbeat()
	report.TenantsDigest = k.road.TenantsDigest() // before what is said of their routes
	report.Events, report.Sinks = k.road.Report()
	report.Events.Who = k.who.report()
	report.TenantSinks = k.road.TenantSinks()
	report.Logs = k.road.Logs()
	k.files.complete(report, k.converger, k.state)
	if report.Kernel != nil {
		if k.lostAtRun == nil || *k.lostAtRun > report.Kernel.Lost { // the counter can be reset
			k.lostAtRun = new(report.Kernel.Lost)
		}
		report.Events.Lost.Kernel = report.Kernel.Lost - *k.lostAtRun
	}
	report.Conditions = contested(*report)
	k.reboots.complete(report, k.config(), k.options.Publisher.Acknowledged())
	if k.invalid != nil {
		report.State, report.Reason = v1alpha1.NodeUnknown, v1alpha1.ReasonInvalidConfig
		report.Message = k.invalid.Error() + "; the node goes on with its last good configuration"
	}
}

// config is what the node has, empty while it is not known.
func (k *keeper) config() nodeconfig.Config {
	if k.state == nil {
		return nodeconfig.Config{}
	}
	return k.state.Config
}

// heartbeat is the time as reports have it.
func heartbeat() metav1.Time { return metav1.NewTime(time.Now().UTC().Truncate(time.Second)) }

// alive says whether passes are made.
func (k *keeper) alive() bool {
	return k.ready() && time.Since(time.Unix(0, k.lastPass.Load())) < 3*k.options.Interval+5*time.Minute
}

// ready says whether the first one has been made.
func (k *keeper) ready() bool { return k.lastPass.Load() != 0 }
