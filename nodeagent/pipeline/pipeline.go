// Package pipeline is the event road on one screen: it joins the stages.
//
// Records of the kernel come in; events with their pod go out to the sinks that the routes name, and counts of what arrived and of what was
// lost, by place. One goroutine reads from the kernel, one carries records from there to the queues of the sinks, so that order is kept,
// and each sink writes in a goroutine of its own: none waits for the next. Only a full queue drops, and that is counted. The package never touches rules or settings.
package pipeline

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/filter"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

// Options are what a Pipeline works with.
type Options struct {
	// NodeName is in every event.
	NodeName string
	// HostRoot is where the host's root directory is for this process.
	HostRoot string
	// LogDir is where files of sinks are.
	LogDir string
	// StateDir is where queues of sinks are.
	StateDir string
	// KeepQueues is how long the queue of a sink that no route names any more is kept while it holds events. 0 is DefaultKeepQueues.
	KeepQueues time.Duration
	// Secrets is where the secrets of sinks are.
	Secrets secret.Dir
	// TenantSecrets is where the secrets of a namespace's sinks are. Nil: no namespace has sinks of its own.
	TenantSecrets func(namespace string) secret.Source
	// Actors has events joined with the sessions that LearnSessions is told.
	Actors bool
	// Pods names pods and containers. Nil on a host without Kubernetes.
	Pods enrich.Pods
	// Tracer knows where processes are and were. Nil where /proc alone tells.
	Tracer enrich.Tracer
	// Stdout takes the events of the sinks of type stdout.
	Stdout io.Writer
	// Kernel asks the kernel for what it says of itself. Nil is a kernel that says nothing.
	Kernel func() (Kernel, error)
	// OnConfigChange is called with each change of the audit system, by whomever. It must neither block nor change the event.
	OnConfigChange func(*event.Event)
	// Log is the program's.
	Log *slog.Logger
	// Registry takes the metrics.
	Registry prometheus.Registerer
}

// Kernel is what the event road wants to know of the kernel.
type Kernel struct {
	// Auditd is the process that is the audit daemon; 0 is none.
	Auditd uint32
	// Lost is the kernel's count of lost records.
	Lost uint32
	// KeepsCopies says that the kernel was booted with audit=1: where no audit daemon runs it keeps copies for one, and counts those for which
	// it has no room as lost, though a reader of the multicast group has the records.
	KeepsCopies bool
}

// Pipeline is the event road: New, then Run once, which ends what New began; Configure and Report at any time between.
type Pipeline struct {
	options  Options
	decoder  decode.Decoder
	enricher *enrich.Enricher
	filter   filter.Filter
	receiver *receive.Receiver
	sinks    *sinks
	tenants  *tenants
	actors   *actors // nil where no sessions are told
	received atomic.Int64
	filtered atomic.Int64
	gaps     atomic.Int64
	losses   losses
	// names are those of the host's users and groups, looked up again at lookedUp.
	names    *host.Names
	lookedUp time.Time
}

// New joins the multicast group, so that what happens from now on waits in the socket. Where it cannot, Report says so with each sink, and
// Run tries again. Until Configure is called, events go to the node's own file.
func New(options Options) (*Pipeline, error) {
	if options.Kernel == nil {
		options.Kernel = func() (Kernel, error) { return Kernel{}, nil }
	}
	receiver, err := receive.New(receive.Options{Auditd: auditd(options.Kernel), Gather: gather(options.Tracer), Log: options.Log})
	if err != nil {
		return nil, err
	}
	p := join(options)
	p.receiver = receiver
	p.losses.flow = make(chan struct{}, 1)
	if err := options.Registry.Register(p); err != nil {
		return nil, fmt.Errorf("registering the metrics of the event road: %w", err)
	}
	return p, nil
}

// join makes the road without its beginning.
func join(options Options) *Pipeline {
	p := &Pipeline{
		options:  options,
		enricher: enrich.New(enrich.Options{HostRoot: options.HostRoot, Pods: options.Pods, Tracer: options.Tracer, Logger: options.Log}),
		filter:   filter.New(os.Getpid()),
		tenants:  newTenants(options),
		actors:   newActors(options),
		names:    host.NewNames(options.HostRoot),
	}
	p.sinks = newSinks(options, p.tenants.tick)
	p.decoder.Names = p.names
	p.sinks.left.lost = p.forsake
	p.sinks.configure(nil, nil)
	return p
}

// gather is how late an event may be looked at: /proc tells of processes that are still there, the Tracer of others too.
func gather(tracer enrich.Tracer) time.Duration {
	if tracer == nil {
		return receive.Gather
	}
	return 8 * receive.Gather
}

// auditd asks for the audit daemon alone.
func auditd(ask func() (Kernel, error)) func() (uint32, error) {
	return func() (uint32, error) {
		k, err := ask()
		return k.Auditd, err
	}
}

// carry is the road: from the records of an event to the queues of its sinks.
func (p *Pipeline) carry(group event.Group) {
	p.received.Add(1)
	e := p.decoder.Event(group)
	e.Node = p.options.NodeName
	if !p.filter.Keep(e) {
		p.filtered.Add(1)
		p.sinks.leaveOut(e)
		return
	}
	p.enricher.Who(e)
	if e.Type == "CONFIG_CHANGE" { // which the filter keeps
		p.options.OnConfigChange(e)
	}
	p.deliver(e)
}
