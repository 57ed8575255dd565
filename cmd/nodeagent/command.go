package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nodeaudit/nodeaudit/internal/cli"
	"github.com/nodeaudit/nodeaudit/internal/version"
	"github.com/nodeaudit/nodeaudit/nodeagent"
	"github.com/nodeaudit/nodeaudit/nodeagent/contest"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri"
	"github.com/nodeaudit/nodeaudit/nodeagent/pipeline"
)

const long = `Load the audit rules that the policies ask for, keep them in the kernel, and carry the records to the sinks.

In a pod of the DaemonSet the configuration comes from the node's ConfigMap, and what is true goes into its NodeAuditStatus. With --policy the
agent works alone on a host, without Kubernetes: policies and sinks are files, and the status is printed. SIGHUP reads them again.

The rules stay in the kernel when the agent ends. --release takes out what the agent has put in, and restores the settings that it found.`

const example = `  nodeagent --policy policy.yaml --sinks sinks.yaml     # alone on a host: load, watch, carry events
  nodeagent --policy policy.yaml --once                 # load, print the status, exit 1 when not in sync
  nodeagent --policy policy.yaml --once -o json         # the same for scripts
  nodeagent --release                                   # take out everything that the agent has put in
  nodeagent --node worker-1 --kubeconfig agent.conf     # for a cluster, outside of a pod
  nodeagent --test-sink siem                            # have the agent that runs here send a test event; exit 1 when it is not delivered`

// flags are the whole command line.
type flags struct {
	options         nodeagent.Options
	access          cli.Access
	logs            cli.Logs
	heartbeat       time.Duration
	policies, sinks []string
	once, release   bool
	tenants         bool
	sessions        bool
	test, askedBy   string
	output          string
	events, words   io.Writer
}

// command is the whole program. Events of stdout sinks and the printed status go to out, words to words.
func command(out, words io.Writer) *cobra.Command {
	f := flags{events: out, words: words}
	c := &cobra.Command{
		Use:               "nodeagent",
		Short:             "Make the kernel of this node record what the policies ask for",
		Long:              long,
		Example:           example,
		Version:           version.Version,
		Args:              cobra.NoArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.define(c.Flags())
	return c
}

func (f *flags) define(set *pflag.FlagSet) {
	f.access.Flags(set)
	f.logs.Flags(set, "text")
	o := &f.options
	hostname, _ := os.Hostname()
	set.StringVar(&o.Node, "node", cmp.Or(os.Getenv("NODE_NAME"), hostname), "name of this node (env NODE_NAME)")
	set.StringVar(&o.HostRoot, "host-root", "/", "where the host's root directory is mounted; paths in rules, users and groups are the host's")
	set.StringVar(&o.StateDir, "state-dir", "/var/lib/nodeaudit", "where the agent keeps what it has done and the last good configuration")
	set.StringVar(&o.LogDir, "log-dir", "/var/log/nodeaudit", "where the files of sinks are")
	set.StringVar(&o.RunDir, "run-dir", "/run", "the host's /run, where /run/reboot-required is written for policies that ask for it; empty: never")
	set.IntVar(&o.ContestAfter, "contest-after", contest.Default.After, "repairs of the same thing within ten minutes after which somebody else is taken to be at work, and repairs are spread out; 0: never")
	set.BoolVar(&o.ChangeHost, "remediation", false, "let the agent change files of the host where policies ask for it: boot.remediation, kernel.immutable (always with --policy and --release)")
	set.StringVar(&o.EarlyLoader, "early-loader", earlyLoader(), "the program earlyrules, with which the next boot loads the rules of a locked host that has no auditd")
	set.StringVar(&o.SecretsDir, "secrets-dir", "/etc/nodeaudit/secrets", "where the secrets of sinks are: DIR/NAME/KEY is the key KEY of the Secret NAME")
	set.DurationVar(&o.KeepQueues, "keep-queues", pipeline.DefaultKeepQueues, "how long, of the time in which the agent runs, events wait on disk for a sink that no route names any more; then they are counted as lost")
	set.DurationVar(&o.Interval, "interval", 30*time.Second, "longest time between two looks at the kernel; changes are seen at once")
	set.DurationVar(&f.heartbeat, "heartbeat", time.Minute, "longest time between two reports to the cluster")
	set.StringVar(&o.MetricsAddress, "metrics-address", "127.0.0.1:9464", "address of /metrics, /healthz and /readyz; empty for none")
	set.BoolVar(&o.EBPF, "ebpf", true, "note in the kernel where each process is, so that the pod of one that lived for a moment is known")
	set.StringVar(&o.CRIEndpoint, "cri-endpoint", cri.Auto, "socket of the container runtime, a path on the host, which names containers when the API server does not (yet); auto: look for it; none: do not ask it")
	set.BoolVar(&f.tenants, "tenants", false, "in a cluster: send events of pods where the AuditRoute objects of their namespaces want them too, as far as the controller allows")
	set.BoolVar(&f.sessions, "api-sessions", false, "in a cluster: name in events of kubectl exec and debug who opened the session at the API server, as far as the controller is told")
	set.StringArrayVar(&f.policies, "policy", nil, "file with AuditPolicy objects, to work without Kubernetes (may be repeated)")
	set.StringArrayVar(&f.sinks, "sinks", nil, "file with AuditSink objects, with --policy (may be repeated)")
	set.BoolVar(&f.once, "once", false, "with --policy: load the rules, print the status, and exit with 1 when not in sync")
	set.BoolVar(&f.release, "release", false, "take out the rules that the agent has put in, restore the settings that it found, and exit")
	set.StringVar(&f.test, "test-sink", "", "have the agent that runs with this --state-dir send a test event to the sink of this name, print what came of it, and exit with 1 when it is not delivered")
	set.StringVar(&f.askedBy, "asked-by", "", "with --test-sink: who asks, for the event and the agent's log")
	set.StringVarP(&f.output, "output", "o", "text", "form of the printed status, and of the outcome of --test-sink: text or json")
}

func (f *flags) run(c *cobra.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.test != "" {
		return f.runTest(c.Context())
	}
	log, err := f.logs.Logger(f.words)
	if err != nil {
		return err
	}
	f.options.Log, f.options.Stdout, f.options.Version = log, f.events, version.Version
	// Alone on a host there is nobody to ask but who has named the policy.
	f.options.ChangeHost = f.options.ChangeHost || f.release || len(f.policies) > 0
	f.options.Registry = prometheus.NewRegistry()
	f.options.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	switch {
	case f.release:
		return f.runRelease(c.Context())
	case f.once:
		return f.runOnce(c.Context())
	case len(f.policies) > 0:
		return f.runAlone(c.Context())
	default:
		return f.runInCluster(c.Context())
	}
}

// earlyLoader is beside this program, in the image and elsewhere.
func earlyLoader() string {
	self, err := os.Executable()
	if err != nil {
		return "earlyrules"
	}
	return filepath.Join(filepath.Dir(self), "earlyrules")
}

// check refuses flags that mean nothing together, before anything is changed.
func (f *flags) check() error {
	alone := len(f.policies) > 0
	switch {
	case f.output != "text" && f.output != "json":
		return fmt.Errorf("-o %s: it is text or json", f.output)
	case f.options.Interval < time.Second:
		return fmt.Errorf("--interval %s: it is at least 1s", f.options.Interval)
	case f.heartbeat < time.Second || f.heartbeat > time.Minute:
		return fmt.Errorf("--heartbeat %s: it is between 1s and 1m, because a report of three minutes counts as missing", f.heartbeat)
	case f.options.KeepQueues < time.Hour:
		return fmt.Errorf("--keep-queues %s: it is at least 1h", f.options.KeepQueues)
	case f.options.ContestAfter < 0:
		return fmt.Errorf("--contest-after %d: it is a number of repairs, or 0 for never", f.options.ContestAfter)
	case f.test != "" && (alone || f.once || f.release):
		return errors.New("--test-sink asks an agent that runs already: leave out --policy, --once and --release")
	case f.release && (alone || f.once):
		return errors.New("--release comes without --policy and --once: it takes out the rules of all policies")
	case f.once && !alone:
		return errors.New("--once needs --policy FILE: it is for hosts without Kubernetes")
	case len(f.sinks) > 0 && !alone:
		return errors.New("--sinks needs --policy FILE: in a cluster the sinks are AuditSink objects")
	default:
		return nil
	}
}
