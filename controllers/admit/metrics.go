package admit

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

// Metrics shows when the certificates end.
type Metrics struct {
	expiry *prometheus.GaugeVec
}

// NewMetrics registers the metrics. It is called once for a registry.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "nodeaudit_webhook_certificate_expiry_timestamp_seconds",
		Help: "When the certificate ends that this replica serves the webhook with (serving), and the authority that signs (authority), in Unix time.",
	}, []string{"certificate"})}
	registry.MustRegister(m.expiry)
	return m
}

func (m *Metrics) show(kept map[string][]byte) {
	serving, authority := certificate.Expiry(kept)
	m.expiry.WithLabelValues("serving").Set(float64(serving.Unix()))
	m.expiry.WithLabelValues("authority").Set(float64(authority.Unix()))
}
