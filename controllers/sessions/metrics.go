package sessions

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

// Metrics counts what API servers tell.
type Metrics struct {
	requests *prometheus.CounterVec
	sessions *prometheus.CounterVec
	skipped  prometheus.Counter
	expiry   *prometheus.GaugeVec
}

// NewMetrics registers the metrics. It is called once for a registry.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nodeaudit_apiaudit_requests_total", Help: "Lists of audit events that API servers have sent, by the status code of the answer.",
		}, []string{"code"}),
		sessions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nodeaudit_apiaudit_sessions_total",
			Help: "Stages of sessions, by what became of them: told to the node, unfit (too old, too long), unplaced (the pod was gone), lost (they could not be written).",
		}, []string{"outcome"}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "nodeaudit_apiaudit_unreadable_total", Help: "Audit events that could not be read.",
		}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "nodeaudit_apiaudit_certificate_expiry_timestamp_seconds",
			Help: "When the certificate of the audit endpoint ends (serving), and the authority that signs (authority), in Unix time.",
		}, []string{"certificate"}),
	}
	registry.MustRegister(m.requests, m.sessions, m.skipped, m.expiry)
	return m
}

func (m *Metrics) show(kept map[string][]byte) {
	serving, authority := certificate.Expiry(kept)
	m.expiry.WithLabelValues("serving").Set(float64(serving.Unix()))
	m.expiry.WithLabelValues("authority").Set(float64(authority.Unix()))
}
