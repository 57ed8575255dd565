package nodeagent

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// metrics of the policy road.
type metrics struct {
	state   *prometheus.GaugeVec
	rules   *prometheus.GaugeVec
	enabled prometheus.Gauge
	lost    prometheus.Gauge
	backlog prometheus.Gauge
	drift   prometheus.Gauge
	contest prometheus.Gauge
	reboot  prometheus.Gauge
	pass    prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer, version string) *metrics {
	factory := promauto.With(registry)
	factory.NewGaugeVec(prometheus.GaugeOpts{Name: "nodeaudit_build_info", Help: "The version of the agent."}, []string{"version"}).WithLabelValues(version).Set(1)
	gauge := func(name, help string) prometheus.Gauge {
		return factory.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return &metrics{
		state: factory.NewGaugeVec(prometheus.GaugeOpts{Name: "nodeaudit_node_state", Help: "1 for the state that the node is in."}, []string{"state"}),
		rules: factory.NewGaugeVec(prometheus.GaugeOpts{
			Name: "nodeaudit_rules", Help: "Rules: wanted by policies, loaded of those, unmanaged in the kernel.",
		}, []string{"kind"}),
		enabled: gauge("nodeaudit_kernel_enabled", "The kernel's enabled: 0 off, 1 on, 2 locked."),
		lost:    gauge("nodeaudit_kernel_lost", "Records that the kernel has lost since boot, or since somebody reset the counter."),
		backlog: gauge("nodeaudit_kernel_backlog", "Records that wait in the kernel."),
		drift:   gauge("nodeaudit_drift", "Changes by others that the agent has repaired on this boot."),
		contest: gauge("nodeaudit_contested", "Rules and settings that somebody keeps undoing."),
		reboot:  gauge("nodeaudit_unexpected_reboot", "1 where a locked node was rebooted although no reboot was outstanding, and nobody has acknowledged it."),
		pass: factory.NewHistogram(prometheus.HistogramOpts{
			Name: "nodeaudit_pass_seconds", Help: "Time of one look at the kernel, with the changes that it led to.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30},
		}),
	}
}

func (m *metrics) observe(report v1alpha1.NodeAuditReport, took time.Duration) {
	m.pass.Observe(took.Seconds())
	m.state.Reset()
	m.state.WithLabelValues(string(report.State)).Set(1)
	m.rules.WithLabelValues("wanted").Set(float64(report.Rules.Wanted))
	m.rules.WithLabelValues("loaded").Set(float64(report.Rules.Loaded))
	m.rules.WithLabelValues("unmanaged").Set(float64(report.Rules.Unmanaged))
	m.drift.Set(float64(report.Drift.Count))
	m.contest.Set(0)
	if c := report.Drift.Contested; c != nil {
		m.contest.Set(float64(c.Count))
	}
	m.reboot.Set(0)
	for _, c := range report.Conditions {
		if c.Type == v1alpha1.ConditionUnexpectedReboot {
			m.reboot.Set(1)
		}
	}
	if report.Kernel == nil {
		return
	}
	values := map[v1alpha1.AuditEnabled]float64{v1alpha1.AuditOff: 0, v1alpha1.AuditOn: 1, v1alpha1.AuditLocked: 2}
	m.enabled.Set(values[report.Kernel.Enabled])
	m.lost.Set(float64(report.Kernel.Lost))
	m.backlog.Set(float64(report.Kernel.Backlog))
}
