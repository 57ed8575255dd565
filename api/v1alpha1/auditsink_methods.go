package v1alpha1

import (
	"slices"
	"strings"
)

// TLS returns the sink's settings of TLS, nil where it has none.
func (s *AuditSinkSpec) TLS() *SinkTLS {
	switch {
	case s.Syslog != nil:
		return s.Syslog.TLS
	case s.GELF != nil:
		return s.GELF.TLS
	case s.Fluentd != nil:
		return s.Fluentd.TLS
	case s.Splunk != nil:
		return s.Splunk.TLS
	case s.OTLP != nil:
		return s.OTLP.TLS
	case s.Loki != nil:
		return s.Loki.TLS
	case s.Elasticsearch != nil:
		return s.Elasticsearch.TLS
	case s.OpenSearch != nil:
		return s.OpenSearch.TLS
	case s.Webhook != nil:
		return s.Webhook.TLS
	case s.Kafka != nil:
		return s.Kafka.TLS
	case s.S3 != nil:
		return s.S3.TLS
	case s.CloudWatch != nil:
		return s.CloudWatch.TLS
	case s.GoogleCloud != nil:
		return s.GoogleCloud.TLS
	case s.Alertmanager != nil:
		return s.Alertmanager.TLS
	default:
		return nil
	}
}

// Plain says whether the sink sends credentials without TLS.
func (s *AuditSinkSpec) Plain() bool {
	secret := func(headers []SinkHeader) bool {
		for _, header := range headers {
			if header.ValueSecretRef != nil {
				return true
			}
		}
		return false
	}
	switch {
	case s.Splunk != nil:
		return plain(s.Splunk.URL)
	case s.OTLP != nil:
		return plain(s.OTLP.Endpoint) && secret(s.OTLP.Headers)
	case s.Loki != nil:
		return plain(s.Loki.URL) && s.Loki.Auth != nil
	case s.Webhook != nil:
		return plain(s.Webhook.URL) && (s.Webhook.Auth != nil || secret(s.Webhook.Headers))
	case s.GoogleCloud != nil:
		return plain(s.GoogleCloud.Endpoint)
	case s.Alertmanager != nil:
		return s.Alertmanager.Auth != nil && slices.ContainsFunc(s.Alertmanager.URLs, plain)
	case s.Kafka != nil:
		return s.Kafka.TLS == nil && s.Kafka.SASL != nil && s.Kafka.SASL.Mechanism == KafkaPlain
	case s.Elasticsearch != nil:
		return s.Elasticsearch.plain()
	case s.OpenSearch != nil:
		return s.OpenSearch.plain()
	default:
		return false
	}
}

func (e *ElasticsearchSink) plain() bool {
	for _, address := range e.URLs {
		if plain(address) && (e.Auth != nil || e.APIKeySecretRef != nil) {
			return true
		}
	}
	return false
}

func plain(address string) bool { return strings.HasPrefix(address, "http://") }
