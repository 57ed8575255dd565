package report

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

// Metrics shows the state of the fleet.
type Metrics struct {
	nodes   *prometheus.GaugeVec
	ready   *prometheus.GaugeVec
	stalled *prometheus.GaugeVec
	known   map[string]bool
}

// NewMetrics registers the metrics. It is called once for a registry.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		nodes:   gauge("nodeaudit_policy_nodes", "Nodes that a policy selects, by state. Those that are locked or boot_not_verified are counted in their state as well.", "policy", "state"),
		ready:   gauge("nodeaudit_policy_ready", "1 where a policy is Ready, 0 where it is not.", "policy"),
		stalled: gauge("nodeaudit_policy_compile_errors", "1 for a policy that does not compile, by reason.", "policy", "reason"),
		known:   map[string]bool{},
	}
	registry.MustRegister(m.nodes, m.ready, m.stalled)
	return m
}

// policy shows the status of one policy.
func (m *Metrics) policy(name string, status v1alpha1.AuditPolicyStatus) {
	m.known[name] = true
	for state, count := range map[string]int32{
		"in_sync": status.Nodes.InSync, "out_of_sync": status.Nodes.OutOfSync, "reboot_pending": status.Nodes.RebootPending,
		"unsupported": status.Nodes.Unsupported, "unknown": status.Nodes.Unknown, "locked": status.Nodes.Locked,
		"boot_not_verified": status.Nodes.BootNotVerified,
	} {
		m.nodes.WithLabelValues(name, state).Set(float64(count))
	}
	ready := 0.0
	if meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady) {
		ready = 1
	}
	m.ready.WithLabelValues(name).Set(ready)
	m.stalled.DeletePartialMatch(prometheus.Labels{"policy": name})
	if stalled := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionStalled); stalled != nil {
		m.stalled.WithLabelValues(name, stalled.Reason).Set(1)
	}
}

// forget drops the series of policies that are gone.
func (m *Metrics) forget(world *observe.World) {
	for name := range m.known {
		if _, there := world.Verdicts[name]; there {
			continue
		}
		delete(m.known, name)
		for _, vector := range []*prometheus.GaugeVec{m.nodes, m.ready, m.stalled} {
			vector.DeletePartialMatch(prometheus.Labels{"policy": name})
		}
	}
}
