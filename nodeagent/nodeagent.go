// Package nodeagent joins the two roads on one node.
//
// What the node should have comes in from a Source; the kernel is made so, events go out to the sinks, and a report goes to a Publisher
// whenever something has changed. The roads do not know each other: here a change of the audit system that the event road sees makes the
// policy road look. The package decides nothing, and leaves the rules in the kernel when it ends: the node stays recorded.
package nodeagent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
	"github.com/nodeaudit/nodeaudit/nodeagent/contest"
	"github.com/nodeaudit/nodeaudit/nodeagent/control"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/footprint"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/pipeline"
	"github.com/nodeaudit/nodeaudit/nodeagent/reboot"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

// Source says what the node should have.
type Source interface {
	// Run calls update with each change until ctx ends.
	Run(ctx context.Context, update func(desired.Update)) error
}

// Publisher tells others what is true.
type Publisher interface {
	// Offer takes a report without waiting.
	Offer(report v1alpha1.NodeAuditReport)
	// Run works until ctx ends.
	Run(ctx context.Context) error
	// Acknowledged is the boot id of the unexpected reboot that a person has acknowledged, if one has.
	Acknowledged() string
}

// Pods knows the node's pods.
type Pods interface {
	enrich.Pods
	// Run keeps up with them until ctx ends.
	Run(ctx context.Context)
}

// TenantSource says what the people of namespaces ask for.
type TenantSource interface {
	// Run calls update with each change until ctx ends.
	Run(ctx context.Context, update func(nodeconfig.Tenants))
}

// SessionSource says who opened sessions in the node's pods at the API server.
type SessionSource interface {
	// Run calls update with each change until ctx ends.
	Run(ctx context.Context, update func(session.Document))
}

// Options are what people can set, and what cmd/nodeagent has made of it.
type Options struct {
	// Node is the node's name.
	Node string
	// HostRoot is where the host's root directory is, "/" on the host itself.
	HostRoot string
	// StateDir and LogDir are where the agent's state and the files of sinks are.
	StateDir, LogDir string
	// SecretsDir is where the secrets of sinks are, each a folder with a file for each key. SecretsHint is what people can do about one that is missing.
	SecretsDir, SecretsHint string
	// KeepQueues is how long events wait on disk for a sink that no route names any more. 0 is pipeline.DefaultKeepQueues.
	KeepQueues time.Duration
	// RunDir is the host's /run, to write /run/reboot-required. Empty where the agent may not.
	RunDir string
	// ContestAfter is how often the same thing is repaired within ten minutes before it counts as contested. 0 is never.
	ContestAfter int
	// ChangeHost lets the agent change files of the host where a policy asks for it, and EarlyLoader is the program cmd/earlyrules, with which
	// the next boot loads rules on a host without auditd.
	ChangeHost  bool
	EarlyLoader string
	// Interval is the longest time between two looks at the kernel.
	Interval time.Duration
	// MetricsAddress is where /metrics, /healthz and /readyz are; empty is nowhere.
	MetricsAddress string
	// Version is the program's.
	Version string
	// Source, Publisher and Pods are the world outside. Pods is nil on a host without Kubernetes.
	Source    Source
	Publisher Publisher
	Pods      Pods
	// Tenants says what the people of namespaces ask for, and TenantSecrets is where the secrets of a namespace's sinks are. Both are nil where no
	// tenants are let in.
	Tenants       TenantSource
	TenantSecrets func(namespace string) secret.Source
	// Sessions says who opened sessions in the node's pods at the API server. Nil where nobody tells.
	Sessions SessionSource
	// EBPF asks for the eBPF programs that note where processes are. Without the rights or the kernel for them the agent goes on without.
	EBPF bool
	// CRIEndpoint is the socket of the container runtime, as a path on the host, which names containers that the API server does not (yet); cri.Auto
	// to look for it, cri.None for not to ask it.
	CRIEndpoint string
	// Stdout takes the events of sinks of type stdout.
	Stdout io.Writer
	// Registry takes the metrics, and is what MetricsAddress serves.
	Registry *prometheus.Registry
	// Log is the program's.
	Log *slog.Logger
}

// Run works until ctx ends, and returns nil then. Its errors are those after which the agent is of no use: a state directory that cannot be
// written, a port that is taken.
func Run(ctx context.Context, options Options) error {
	unlock, err := lock(ctx, options.StateDir, options.Log)
	if err != nil {
		return err
	}
	defer unlock()
	converger, reboots, err := newConverger(options)
	if err != nil {
		return err
	}
	kick := make(chan converge.Change, 64)
	who := newWho(options)
	defer who.end()
	road, err := newRoad(options, who, kick)
	if err != nil {
		return err
	}
	dropNetAdmin(options.Log)
	files, err := newNodeFiles(options)
	if err != nil {
		return err
	}
	keeper := newKeeper(options, converger, files, road, reboots, who, kick)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return road.Run(ctx) })
	group.Go(func() error { return keeper.run(ctx) })
	group.Go(func() error { files.run(ctx); return nil })
	group.Go(func() error { listenToPeople(ctx, options, road); return nil })
	group.Go(func() error { return options.Source.Run(ctx, func(u desired.Update) { keeper.update(ctx, u) }) })
	group.Go(func() error { return options.Publisher.Run(ctx) })
	group.Go(func() error { keeper.tenants.run(ctx); return nil })
	group.Go(func() error { footprint.Keep(ctx, options.Log); return nil })
	if options.Pods != nil {
		group.Go(func() error { options.Pods.Run(ctx); return nil })
	}
	if options.Sessions != nil {
		group.Go(func() error { options.Sessions.Run(ctx, road.LearnSessions); return nil })
	}
	if who.runtime != nil {
		group.Go(func() error { who.runtime.Run(ctx); return nil })
	}
	if options.MetricsAddress != "" {
		group.Go(func() error { return serve(ctx, options, keeper) })
	}
	return group.Wait()
}

// Once makes the kernel what state asks for, and returns what is there then. It carries no events.
func Once(ctx context.Context, options Options, state desired.State) (v1alpha1.NodeAuditReport, error) {
	unlock, err := lock(ctx, options.StateDir, options.Log)
	if err != nil {
		return v1alpha1.NodeAuditReport{}, err
	}
	defer unlock()
	converger, reboots, err := newConverger(options)
	if err != nil {
		return v1alpha1.NodeAuditReport{}, err
	}
	files, err := newNodeFiles(options)
	if err != nil {
		return v1alpha1.NodeAuditReport{}, err
	}
	files.ask(state.Config)
	report := converger.Pass(ctx, &state)
	files.configure(ctx)
	report.AgentVersion, report.HeartbeatTime = options.Version, heartbeat()
	files.complete(&report, converger, &state)
	reboots.complete(&report, state.Config, "")
	return report, nil
}

// Forget removes what an agent has kept in its state directory, and the directory where nothing else is in it. What it has put into the kernel must
// be out by then; records of what is still on the host for the next boot stay.
func Forget(stateDir string) error {
	for _, name := range []string{converge.File, reboot.File, desired.File, desired.TenantsFile, firstLookFile, control.File, lockFile} {
		if err := os.Remove(filepath.Join(stateDir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing what the agent has kept: %w", err)
		}
	}
	if err := os.RemoveAll(filepath.Join(stateDir, pipeline.TenantsDir)); err != nil {
		return fmt.Errorf("removing the queues of tenants: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(stateDir, chain.Dir)); err != nil {
		return fmt.Errorf("removing the key that signed logs: %w", err)
	}
	_ = os.Remove(stateDir) // which fails where something else is in it, or where it is a mount
	return nil
}

// listenToPeople answers who asks the agent to try a sink. An agent that cannot works nevertheless.
func listenToPeople(ctx context.Context, options Options, road *pipeline.Pipeline) {
	if err := control.Serve(ctx, options.StateDir, road.TestSink); err != nil {
		options.Log.Warn("nobody can have this agent test a sink", "err", err)
	}
}

// newConverger makes what acts on the node: on its kernel, and by telling that it needs a reboot.
func newConverger(options Options) (*converge.Converger, *reboots, error) {
	bootID, err := host.BootID()
	if err != nil {
		return nil, nil, err
	}
	if info, err := os.Stat(options.HostRoot); err != nil || !info.IsDir() {
		return nil, nil, fmt.Errorf("the host's root %s is not a directory: mount it there, or name the right one with --host-root", options.HostRoot)
	}
	patience := contest.Default
	patience.After = options.ContestAfter
	converger, err := converge.New(converge.Options{
		Kernel: kernel.Local{HostRoot: options.HostRoot}, Host: host.New(options.HostRoot), StateDir: options.StateDir, BootID: bootID, Log: options.Log,
		Contest: patience,
	})
	if err != nil {
		return nil, nil, err
	}
	reboots, err := newReboots(options, bootID)
	return converger, reboots, err
}

// newRoad is the event road. It joins the multicast group before the first rule is loaded.
func newRoad(options Options, who *who, kick chan<- converge.Change) (*pipeline.Pipeline, error) {
	return pipeline.New(pipeline.Options{
		NodeName: options.Node, HostRoot: options.HostRoot, LogDir: options.LogDir, Pods: who.pods(), Tracer: who.tracer, Stdout: options.Stdout,
		StateDir: options.StateDir, KeepQueues: options.KeepQueues, Secrets: secret.Dir{Path: options.SecretsDir, Hint: options.SecretsHint}, TenantSecrets: options.TenantSecrets,
		Kernel: askKernel(options.HostRoot), Actors: options.Sessions != nil,
		OnConfigChange: func(e *event.Event) {
			select {
			case kick <- change(options.HostRoot, e):
			default: // so many wait already that a pass is due
			}
		},
		Log: options.Log, Registry: options.Registry,
	})
}

// askKernel is for the event road, which does not know the policy road.
func askKernel(hostRoot string) func() (pipeline.Kernel, error) {
	keeps := boot.Look(boot.Below(hostRoot)).Running.Audit == boot.On
	return func() (pipeline.Kernel, error) {
		status, err := kernel.Local{}.Status()
		return pipeline.Kernel{Auditd: status.PID, Lost: status.Lost, KeepsCopies: keeps}, err
	}
}
