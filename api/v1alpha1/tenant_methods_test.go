package v1alpha1

import (
	"net"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	for name, test := range map[string]struct {
		spec  AuditSinkSpec
		want  []Address
		wrong []string
	}{
		"host and port":                   {AuditSinkSpec{Type: "syslog", Syslog: &SyslogSink{Address: "logs.test:6514"}}, []Address{{"logs.test", 6514}}, nil},
		"an IPv6 address":                 {AuditSinkSpec{Type: "gelf", GELF: &GELFSink{Address: "[::1]:12201"}}, []Address{{"::1", 12201}}, nil},
		"a port is said by the scheme":    {AuditSinkSpec{Type: "splunk", Splunk: &SplunkSink{URL: "https://hec.test/x"}}, []Address{{"hec.test", 443}}, nil},
		"or without TLS":                  {AuditSinkSpec{Type: "loki", Loki: &LokiSink{URL: "http://loki.test"}}, []Address{{"loki.test", 80}}, nil},
		"a port in an URL":                {AuditSinkSpec{Type: "otlp", OTLP: &OTLPSink{Endpoint: "https://[fd00::1]:4317"}}, []Address{{"fd00::1", 4317}}, nil},
		"several":                         {AuditSinkSpec{Type: "opensearch", OpenSearch: &ElasticsearchSink{URLs: []string{"https://a.test", "https://b.test:9200"}}}, []Address{{"a.test", 443}, {"b.test", 9200}}, nil},
		"a secret address":                {AuditSinkSpec{Type: "webhook", Webhook: &WebhookSink{URL: "https://x.test", URLSecretRef: &SecretKey{}}}, nil, nil},
		"a member of another type":        {AuditSinkSpec{Type: "webhook", Syslog: &SyslogSink{Address: "fine.test:1"}, Webhook: &WebhookSink{URL: "http://evil.test"}}, []Address{{"evil.test", 80}}, nil},
		"nothing":                         {AuditSinkSpec{Type: "webhook"}, nil, []string{""}},
		"a type that has none":            {AuditSinkSpec{Type: "file"}, nil, []string{""}},
		"no port":                         {AuditSinkSpec{Type: "fluentd", Fluentd: &FluentdSink{Address: "f.test"}}, nil, []string{"f.test"}},
		"a port of nothing":               {AuditSinkSpec{Type: "fluentd", Fluentd: &FluentdSink{Address: "f.test:0"}}, nil, []string{"f.test:0"}},
		"a user in front of another host": {AuditSinkSpec{Type: "webhook", Webhook: &WebhookSink{URL: "https://fine.test@evil.test/"}}, nil, []string{"https://fine.test@evil.test/"}},
		"no scheme that is known":         {AuditSinkSpec{Type: "webhook", Webhook: &WebhookSink{URL: "unix:///run/x"}}, nil, []string{"unix:///run/x"}},
	} {
		got, wrong := test.spec.Addresses()
		if diff := cmp.Diff(test.want, got) + cmp.Diff(test.wrong, wrong); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// FuzzAddressOf holds that what is judged is what a connection is made to.
func FuzzAddressOf(f *testing.F) {
	for _, text := range []string{"logs.test:6514", "[::1]:80", "https://a.test@b.test:1/", "http://[fe80::1%25lo]:1", "a.test:1:2", "//a.test:1", "https://a.test:", `a.test:1\@b.test:2`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := addressOf(text)
		if !ok {
			return
		}
		if address.Host == "" || address.Port == 0 {
			t.Errorf("%q: %+v", text, address)
		}
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			return // an URL, or nothing that can be connected to
		}
		if number, err := strconv.ParseUint(port, 10, 16); err == nil && (host != address.Host || uint16(number) != address.Port) {
			t.Errorf("%q is judged as %+v, and connected to as %s, port %s", text, address, host, port)
		}
	})
}
