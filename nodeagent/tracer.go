package nodeagent

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
)

// openTracer lets the kernel note where processes are, where that is asked for and it can. Otherwise events have what /proc tells, and the metric
// and the log say so.
func openTracer(options Options) (enrich.Tracer, func()) {
	on := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nodeaudit_who_ebpf", Help: "1 where eBPF programs note the place of each process, 0 where /proc alone tells it.",
	})
	options.Registry.MustRegister(on)
	forget := func() { options.Registry.Unregister(on) }
	if !options.EBPF {
		return nil, forget
	}
	opened, err := trace.Open(options.HostRoot, options.Log)
	if err != nil {
		options.Log.Warn("no eBPF: of processes that are gone when their events arrive the pod may not be known", "err", err)
		return nil, forget
	}
	dropTracing(options.Log)
	on.Set(1)
	return opened, func() {
		forget()
		if err := opened.Close(); err != nil {
			options.Log.Warn("taking the eBPF programs out of the kernel", "err", err)
		}
	}
}
