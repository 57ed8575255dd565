package v1alpha1

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// forTenants are the types that a NamespacedAuditSink may have: they reach a receiver over the network by an address that can be judged, and log in
// with what the tenant gives. Files, the agent's output and the journal are the node's own. Those of Amazon take keys of the tenant's own and never the
// rights of the machine that they run on. Google's is none for tenants: a file of its credentials says by itself where to log in, and what to run for that.
var forTenants = []SinkType{
	SinkTypeSyslog, SinkTypeGELF, SinkTypeFluentd, SinkTypeSplunk, SinkTypeOTLP, SinkTypeLoki, SinkTypeElasticsearch, SinkTypeOpenSearch, SinkTypeWebhook,
	SinkTypeKafka, SinkTypeS3, SinkTypeCloudWatch, SinkTypeAlertmanager,
}

// ForTenants says whether a NamespacedAuditSink may have the type.
func ForTenants(kind SinkType) bool { return slices.Contains(forTenants, kind) }

// WithoutKeys says that the sink would log in with the rights of the node that it runs on, as those of Amazon do that are given no keys.
func (s *AuditSinkSpec) WithoutKeys() bool {
	return s.Type == SinkTypeS3 && s.S3 != nil && s.S3.Auth == nil || s.Type == SinkTypeCloudWatch && s.CloudWatch != nil && s.CloudWatch.Auth == nil
}

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
	case s.Type == SinkTypeKafka && s.Kafka != nil:
		return s.Kafka.Brokers // those that they name the agent judges when it connects
	case s.Type == SinkTypeAlertmanager && s.Alertmanager != nil:
		return s.Alertmanager.URLs
	case s.Type == SinkTypeS3 && s.S3 != nil:
		return []string{s.S3.address()}
	case s.Type == SinkTypeCloudWatch && s.CloudWatch != nil:
		return []string{cmp.Or(s.CloudWatch.Endpoint, "https://"+AmazonHost("logs", s.CloudWatch.Region))}
	case s.Type == SinkTypeWebhook && s.Webhook != nil && s.Webhook.URLSecretRef != nil:
		return nil
	case s.Type == SinkTypeWebhook && s.Webhook != nil:
		return []string{s.Webhook.URL}
	default:
		return []string{""}
	}
}

// AmazonHost is the name of a service in a region of Amazon's.
func AmazonHost(service, region string) string {
	suffix := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		suffix += ".cn"
	}
	return service + "." + region + "." + suffix
}

// InPath says whether the bucket is named in the path of addresses, and not in the host's name.
func (s *S3Sink) InPath() bool {
	if s.PathStyle != nil {
		return *s.PathStyle
	}
	return s.Endpoint != ""
}

// address is where the bucket is.
func (s *S3Sink) address() string {
	text := s.Endpoint
	if text == "" {
		text = "https://" + AmazonHost("s3", cmp.Or(s.Region, DefaultRegion))
	}
	if s.InPath() {
		return text
	}
	scheme, host, found := strings.Cut(text, "://")
	if !found {
		return text // which is no URL
	}
	return scheme + "://" + s.Bucket + "." + host
}

// DefaultRegion is the region of servers that are compatible with S3 and have none.
const DefaultRegion = "us-east-1"

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
