package distribute

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what distribution does.
type Metrics struct {
	written *prometheus.CounterVec
	held    prometheus.Gauge
}

// NewMetrics registers the metrics. It is called once for a registry.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		written: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nodeaudit_configmaps_written_total",
			Help: "ConfigMaps written, by kind (node, rules) and operation (create, update, delete).",
		}, []string{"kind", "operation"}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "nodeaudit_rollout_held_nodes",
			Help: "Nodes that wait for their turn in a rollout.",
		}),
	}
	registry.MustRegister(m.written, m.held)
	return m
}
