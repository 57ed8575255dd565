package v1alpha1

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// forTenants are the types that a NamespacedAuditSink may have: they reach a receiver over the network by an address that can be judged, and log in
// with what the tenant gives. Files, the agent's output and the journal are the node's own. A type that can take the rights of the machine that it runs
// on, as those of clouds do, is none for tenants.
var forTenants = []SinkType{
	SinkTypeSyslog, SinkTypeGELF, SinkTypeFluentd, SinkTypeSplunk, SinkTypeOTLP, SinkTypeLoki, SinkTypeElasticsearch, SinkTypeOpenSearch, SinkTypeWebhook,
}

// ForTenants says whether a NamespacedAuditSink may have the type.
func ForTenants(kind SinkType) bool { return slices.Contains(forTenants, kind) }

// Address is where a sink sends to.
//
// +kubebuilder:object:generate=false
type Address struct {
	// Host is a name or an address, without brackets.
	Host string
	// Port is the port there.
	Port uint16
}

// Addresses returns where a sink of a type for tenants sends to, and the texts that say no such thing. An address that is a secret is in neither.
func (s *AuditSinkSpec) Addresses() (addresses []Address, wrong []string) {
	for _, text := range s.targets() {
		if address, ok := addressOf(text); ok {
			addresses = append(addresses, address)
		} else {
			wrong = append(wrong, text)
		}
	}
	return addresses, wrong
}

// targets goes by the type, and not by the member that happens to be there.
func (s *AuditSinkSpec) targets() []string {
	switch {
	case s.Type == SinkTypeSyslog && s.Syslog != nil:
		return []string{s.Syslog.Address}
	case s.Type == SinkTypeGELF && s.GELF != nil:
		return []string{s.GELF.Address}
	case s.Type == SinkTypeFluentd && s.Fluentd != nil:
		return []string{s.Fluentd.Address}
	case s.Type == SinkTypeSplunk && s.Splunk != nil:
		return []string{s.Splunk.URL}
	case s.Type == SinkTypeOTLP && s.OTLP != nil:
		return []string{s.OTLP.Endpoint}
	case s.Type == SinkTypeLoki && s.Loki != nil:
		return []string{s.Loki.URL}
	case s.Type == SinkTypeElasticsearch && s.Elasticsearch != nil:
		return s.Elasticsearch.URLs
	case s.Type == SinkTypeOpenSearch && s.OpenSearch != nil:
		return s.OpenSearch.URLs
	case s.Type == SinkTypeWebhook && s.Webhook != nil && s.Webhook.URLSecretRef != nil:
		return nil
	case s.Type == SinkTypeWebhook && s.Webhook != nil:
		return []string{s.Webhook.URL}
	default:
		return []string{""}
	}
}

// addressOf reads an URL, or host:port.
func addressOf(text string) (Address, bool) {
	if !strings.Contains(text, "://") {
		text = "//" + text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || parsed.User != nil {
		return Address{}, false
	}
	port := parsed.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[parsed.Scheme]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return Address{parsed.Hostname(), uint16(number)}, err == nil && number > 0
}
