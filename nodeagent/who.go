package nodeagent

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
)

// who is what tells of processes and containers: the kernel, where that is asked for and it can, otherwise /proc alone; the API server; and the
// container runtime. The report, the metrics and the log say which of them do.
type who struct {
	options Options
	tracer  enrich.Tracer
	runtime *cri.Runtime // nil where it is not asked
	why     v1alpha1.WhoReport
	answers atomic.Bool // the runtime
	metrics []prometheus.Collector
	close   func() error

	failures func() (trace.Failures, error) // of the eBPF programs
	missed   atomic.Int64                   // of them, as far as it has been said
}

// newWho begins to follow processes. end ends it.
func newWho(options Options) *who {
	w := &who{
		options: options, close: func() error { return nil },
		failures: func() (trace.Failures, error) { return trace.Failures{}, nil },
	}
	w.countFailures()
	w.openTracer(w.gauge("nodeaudit_who_ebpf", "1 where eBPF programs note the place of each process, 0 where /proc alone tells it."))
	answers := w.gauge("nodeaudit_who_cri", "1 where the container runtime names what the API server does not, 0 where it is not asked or does not answer.")
	if options.CRIEndpoint == "" || options.CRIEndpoint == cri.None {
		return w
	}
	w.runtime = cri.New(cri.Options{HostRoot: options.HostRoot, Endpoint: options.CRIEndpoint, Log: options.Log, OnState: func(does bool) {
		w.answers.Store(does)
		answers.Set(map[bool]float64{true: 1}[does])
	}})
	return w
}

func (w *who) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	w.options.Registry.MustRegister(g)
	w.metrics = append(w.metrics, g)
	return g
}

// openTracer lets the kernel note where processes are.
func (w *who) openTracer(on prometheus.Gauge) {
	if !w.options.EBPF {
		w.why = v1alpha1.WhoReport{Reason: v1alpha1.ReasonEBPFDisabled, Message: "eBPF is switched off (agent.ebpf.enabled of the chart, --ebpf)"}
		return
	}
	opened, err := trace.Open(w.options.HostRoot, w.options.Log)
	if err != nil {
		w.why = v1alpha1.WhoReport{Reason: v1alpha1.ReasonEBPFUnsupported, Message: limit(err.Error())}
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			w.why.Reason = v1alpha1.ReasonEBPFNotPermitted
		}
		w.options.Log.Warn("no eBPF: of processes that are gone when their events arrive the pod may not be known", "err", err)
		return
	}
	dropTracing(w.options.Log)
	on.Set(1)
	w.tracer, w.close, w.failures = opened, opened.Close, opened.Failures
}

// countFailures shows what the eBPF programs could not note.
func (w *who) countFailures() {
	for what, of := range map[string]func(trace.Failures) uint64{
		"process": func(f trace.Failures) uint64 { return f.Processes },
		"group":   func(f trace.Failures) uint64 { return f.Groups },
		"run":     func(f trace.Failures) uint64 { return f.Runs },
	} {
		counter := prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "nodeaudit_who_ebpf_missed_total",
			Help:        "What the eBPF programs could not note: process and group are rows for which a table had no room, run is how often the kernel left a program out.",
			ConstLabels: prometheus.Labels{"what": what},
		}, func() float64 {
			failures, _ := w.failures() // the report says why it cannot be read
			return float64(of(failures))
		})
		w.options.Registry.MustRegister(counter)
		w.metrics = append(w.metrics, counter)
	}
}

// lookForFailures returns how much the eBPF programs could not note, and says in the log when it has become more.
func (w *who) lookForFailures() int64 {
	f, err := w.failures()
	if err != nil {
		w.options.Log.Warn("how much the eBPF programs could not note is not known", "err", err)
		return w.missed.Load()
	}
	now := int64(f.Processes + f.Groups + f.Runs)
	if before := w.missed.Swap(now); now > before {
		w.options.Log.Warn("the eBPF programs could not note all processes: of those the pod may not be known",
			"processes", f.Processes, "groups", f.Groups, "runs", f.Runs)
	}
	return now
}

// pods are those who name pods, nil where nobody does.
func (w *who) pods() enrich.Pods {
	var api, runtime enrich.Pods
	if w.options.Pods != nil {
		api = w.options.Pods
	}
	if w.runtime != nil {
		runtime = w.runtime
	}
	return cri.Join(api, runtime)
}

// report says who tells what.
func (w *who) report() *v1alpha1.WhoReport {
	r := w.why
	r.Missed = w.lookForFailures()
	r.Processes = v1alpha1.ProcessesProcFS
	if w.tracer != nil {
		r.Processes = v1alpha1.ProcessesEBPF
	}
	switch {
	case w.runtime == nil:
		r.Runtime = v1alpha1.RuntimeDisabled
	case w.answers.Load():
		r.Runtime = v1alpha1.RuntimeAnswers
	default:
		r.Runtime = v1alpha1.RuntimeAbsent
	}
	return &r
}

// end takes the programs out of the kernel.
func (w *who) end() {
	for _, m := range w.metrics {
		w.options.Registry.Unregister(m)
	}
	if err := w.close(); err != nil {
		w.options.Log.Warn("taking the eBPF programs out of the kernel", "err", err)
	}
}

// limit cuts a message to what the report holds.
func limit(message string) string {
	const most = 1024
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "")
}
