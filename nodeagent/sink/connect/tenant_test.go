package connect_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// doorbell is a service of the node that trusts whoever reaches it: it listens on TCP and UDP, and counts who comes.
type doorbell struct {
	address string
	rings   atomic.Int64
}

func newDoorbell(t *testing.T) *doorbell {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	d, done := &doorbell{address: listener.Addr().String()}, make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			d.rings.Add(1)
			_ = conn.Close()
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for _, _, err := packets.ReadFrom(make([]byte, 1500)); err == nil; _, _, err = packets.ReadFrom(make([]byte, 1500)) {
			d.rings.Add(1)
		}
	}()
	t.Cleanup(func() { _, _, _, _ = listener.Close(), packets.Close(), <-done, <-done })
	return d
}

// tenantSpecs are all types that tenants may have, over each of their protocols, to host:port.
func tenantSpecs(address string) map[string]v1alpha1.AuditSinkSpec {
	plain, secure := "http://"+address, "https://"+address
	return map[string]v1alpha1.AuditSinkSpec{
		"syslog over UDP":     {Type: "syslog", Syslog: &v1alpha1.SyslogSink{Address: address, Protocol: "UDP"}},
		"syslog over TCP":     {Type: "syslog", Syslog: &v1alpha1.SyslogSink{Address: address}},
		"syslog over TLS":     {Type: "syslog", Syslog: &v1alpha1.SyslogSink{Address: address, Protocol: "TLS"}},
		"gelf over UDP":       {Type: "gelf", GELF: &v1alpha1.GELFSink{Address: address}},
		"gelf over TCP":       {Type: "gelf", GELF: &v1alpha1.GELFSink{Address: address, Protocol: "TCP"}},
		"gelf over TLS":       {Type: "gelf", GELF: &v1alpha1.GELFSink{Address: address, Protocol: "TLS"}},
		"fluentd":             {Type: "fluentd", Fluentd: &v1alpha1.FluentdSink{Address: address}},
		"fluentd over TLS":    {Type: "fluentd", Fluentd: &v1alpha1.FluentdSink{Address: address, TLS: &v1alpha1.SinkTLS{InsecureSkipVerify: true}}},
		"splunk":              {Type: "splunk", Splunk: &v1alpha1.SplunkSink{URL: plain}},
		"splunk over TLS":     {Type: "splunk", Splunk: &v1alpha1.SplunkSink{URL: secure}},
		"otlp over gRPC":      {Type: "otlp", OTLP: &v1alpha1.OTLPSink{Endpoint: plain}},
		"otlp over gRPC, TLS": {Type: "otlp", OTLP: &v1alpha1.OTLPSink{Endpoint: secure}},
		"otlp over HTTP":      {Type: "otlp", OTLP: &v1alpha1.OTLPSink{Endpoint: plain, Protocol: "HTTP"}},
		"otlp over HTTPS":     {Type: "otlp", OTLP: &v1alpha1.OTLPSink{Endpoint: secure, Protocol: "HTTP"}},
		"loki":                {Type: "loki", Loki: &v1alpha1.LokiSink{URL: plain}},
		"elasticsearch":       {Type: "elasticsearch", Elasticsearch: &v1alpha1.ElasticsearchSink{URLs: []string{plain}}},
		"opensearch":          {Type: "opensearch", OpenSearch: &v1alpha1.ElasticsearchSink{URLs: []string{plain}}},
		"webhook":             {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: plain}},
		"a secret webhook":    {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URLSecretRef: key("url")}},
	}
}

func fence(t *testing.T, destinations ...allow.Destination) dial.Func {
	t.Helper()
	list, err := allow.New(destinations)
	if err != nil {
		t.Fatal(err)
	}
	return dial.Fenced(list)
}

func everyPort(host string, cidrs ...string) allow.Destination {
	d := allow.Destination{CIDRs: cidrs}
	if host != "" {
		d.Hosts = []string{host}
	}
	for port := int32(1); port < 65536; port++ {
		d.Ports = append(d.Ports, port)
	}
	return d
}

// push opens and sends once.
func push(t *testing.T, spec v1alpha1.AuditSinkSpec, secretAddress string, dial dial.Func) error {
	t.Helper()
	surroundings := connect.Surroundings{HostRoot: "/", Dial: dial, Tenant: true, Secrets: secrets(t, map[string]string{"url": "http://" + secretAddress, "password": "swordfish"})}
	if spec.Splunk != nil {
		spec.Splunk.TokenSecretRef = *key("password")
	}
	destination, err := connect.New(spec, surroundings).Open(t.Context())
	if err != nil {
		return err
	}
	defer destination.Close() //nolint:errcheck // whether it ends well is not asked here
	making.Do(func() { made = exporttest.Logs(t, sinktest.Events(1)) })
	return destination.Push(t.Context(), made)
}

// made is one record, which takes a while to make.
var (
	making sync.Once
	made   plog.Logs
)

// A tenant's address that leads to the node is refused for every type, whether it is written as an address or as a name that the list allows; and the
// service there hears nothing.
func TestNoTypeOfATenantReachesTheNode(t *testing.T) {
	bell := newDoorbell(t)
	_, port, _ := net.SplitHostPort(bell.address)
	for way, test := range map[string]struct {
		address, want string
		list          []allow.Destination
	}{
		"an address":       {bell.address, "the node itself", []allow.Destination{everyPort("*")}},
		"a name":           {"localhost:" + port, "the node itself", []allow.Destination{everyPort("localhost")}},
		"nothing listed":   {"localhost:" + port, "no destination is allowed", nil},
		"another one only": {"localhost:" + port, "not among the destinations", []allow.Destination{everyPort("logs.example.com")}},
	} {
		for name, spec := range tenantSpecs(test.address) {
			err := push(t, spec, test.address, fence(t, test.list...))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %s: %v, want %q", way, name, err, test.want)
			}
		}
	}
	if n := bell.rings.Load(); n != 0 {
		t.Errorf("the service of the node was reached %d times", n)
	}
}

// Where the administrator lists the network, the same connections are made: the test above proves something.
func TestTenantsReachWhatIsListed(t *testing.T) {
	bell := newDoorbell(t)
	for name, spec := range tenantSpecs(bell.address) {
		before := bell.rings.Load()
		_ = push(t, spec, bell.address, fence(t, everyPort("", "127.0.0.0/8"))) // the bell speaks no protocol
		exporttest.Eventually(t, func() string { return name + " was not connected" }, func() bool { return bell.rings.Load() > before })
	}
}

func TestTypesThatAreNotForTenantsAreNotOpened(t *testing.T) {
	for name, test := range map[string]connect.Surroundings{
		"journald":  {Tenant: true, Dial: fence(t)},
		"webhook":   {Tenant: true}, // without a fence nothing is opened at all
		"file":      {Tenant: true, Dial: fence(t)},
		"otlp":      {Tenant: true},
		"something": {Tenant: true, Dial: fence(t)},
	} {
		if _, err := connect.New(v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkType(name)}, test).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "not for tenants") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A redirect would carry events and credentials to where nobody has allowed it.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	for _, code := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, code))
		for name, spec := range tenantSpecs(strings.TrimPrefix(server.URL, "http://")) {
			if strings.Contains(name, "TLS") || strings.Contains(name, "HTTPS") || strings.Contains(name, "gRPC") || strings.Contains(name, "UDP") || strings.Contains(name, "TCP") || name == "fluentd" {
				continue
			}
			if err := push(t, spec, strings.TrimPrefix(server.URL, "http://"), fence(t, everyPort("", "127.0.0.0/8"))); err == nil {
				t.Errorf("%s: %d counts as taken", name, code)
			}
		}
		server.Close()
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests went where the redirect led", n)
	}
}

// A proxy of the environment would connect where the fence does not see it.
func TestTenantsUseNoProxy(t *testing.T) {
	bell, proxy := newDoorbell(t), newDoorbell(t)
	t.Setenv("HTTP_PROXY", "http://"+proxy.address)
	t.Setenv("HTTPS_PROXY", "http://"+proxy.address)
	for name, spec := range tenantSpecs("logs.invalid:443") {
		if err := push(t, spec, "logs.invalid:443", fence(t, everyPort("", "127.0.0.0/8"), everyPort("logs.invalid"))); err == nil && !strings.Contains(name, "UDP") {
			t.Errorf("%s: sent to a name that does not exist", name)
		}
	}
	if n := proxy.rings.Load() + bell.rings.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}
