package connect_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
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
		"alertmanager":        {Type: "alertmanager", Alertmanager: &v1alpha1.AlertmanagerSink{URLs: []string{plain}}},
		"kafka":               {Type: "kafka", Kafka: &v1alpha1.KafkaSink{Brokers: []string{address}, Topic: "audit"}},
		"kafka over TLS":      {Type: "kafka", Kafka: &v1alpha1.KafkaSink{Brokers: []string{address}, Topic: "audit", TLS: &v1alpha1.SinkTLS{InsecureSkipVerify: true}}},
		"s3":                  {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Endpoint: plain, Auth: ownKeys()}},
		"cloudwatch":          {Type: "cloudwatch", CloudWatch: &v1alpha1.CloudWatchSink{LogGroup: "audit", Region: "eu-central-1", Endpoint: plain, Auth: ownKeys()}},
		"a secret webhook":    {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URLSecretRef: key("url")}},
	}
}

func ownKeys() *v1alpha1.AWSAuth {
	return &v1alpha1.AWSAuth{AccessKeyIDSecretRef: *key("password"), SecretAccessKeySecretRef: *key("password")}
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
	if spec.Kafka == nil {
		return destination.Push(t.Context(), made)
	}
	// The client of Kafka goes on until its time is over, and knows why from then on.
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err = destination.Push(ctx, made)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return err
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
			if strings.Contains(name, "TLS") || strings.Contains(name, "HTTPS") || strings.Contains(name, "gRPC") || strings.Contains(name, "UDP") || strings.Contains(name, "TCP") || name == "fluentd" || name == "kafka" {
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

// What is judged before anything is sent is what is connected to first.
func TestTheAddressesOfASinkAreThoseThatItConnectsTo(t *testing.T) {
	specs := tenantSpecs("logs.invalid:4433")
	maps.Copy(specs, map[string]v1alpha1.AuditSinkSpec{
		"s3 of Amazon":                  {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Region: "eu-central-1", Auth: ownKeys()}},
		"s3 of Amazon in China":         {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Region: "cn-north-1", Auth: ownKeys()}},
		"s3 of Amazon, in the path":     {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Region: "eu-central-1", PathStyle: new(true), Auth: ownKeys()}},
		"s3 elsewhere, not in the path": {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Endpoint: "https://s3.invalid/x", PathStyle: new(false), Auth: ownKeys()}},
		"cloudwatch of Amazon":          {Type: "cloudwatch", CloudWatch: &v1alpha1.CloudWatchSink{LogGroup: "audit", Region: "eu-central-1", Auth: ownKeys()}},
		"several brokers":               {Type: "kafka", Kafka: &v1alpha1.KafkaSink{Brokers: []string{"a.invalid:1", "b.invalid:2", "[fd00::1]:3"}, Topic: "audit"}},
	})
	for name, spec := range specs {
		if spec.Webhook != nil && spec.Webhook.URLSecretRef != nil {
			continue
		}
		var mu sync.Mutex
		asked := map[string]bool{}
		nowhere := func(_ context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			asked[address] = true
			return nil, errors.New("nobody is there")
		}
		err := push(t, spec, "", nowhere)
		mu.Lock()
		judged, wrong := spec.Addresses()
		for _, address := range judged {
			delete(asked, net.JoinHostPort(address.Host, strconv.Itoa(int(address.Port))))
		}
		if err == nil || len(judged) == 0 || len(wrong) > 0 || len(asked) > 0 {
			t.Errorf("%s: %v; judged %v and %q, connected to others: %v", name, err, judged, wrong, slices.Collect(maps.Keys(asked)))
		}
		mu.Unlock()
	}
}

// A broker may name any address as its own, or as that of the one who leads the topic. The client connects to it by the same fence.
func TestABrokerDoesNotLeadATenantToTheNode(t *testing.T) {
	bell := newDoorbell(t)
	host, port, _ := net.SplitHostPort(bell.address)
	number, _ := strconv.Atoi(port)
	for name, elsewhere := range map[string]string{"an address": host, "a name that is listed": "localhost", "a name that is not": "elsewhere.invalid"} {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"))
		if err != nil {
			t.Fatal(err)
		}
		c.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			r := request.(*kmsg.MetadataRequest).ResponseKind().(*kmsg.MetadataResponse)
			broker := kmsg.NewMetadataResponseBroker()
			broker.NodeID, broker.Host, broker.Port = 0, elsewhere, int32(number)
			partition := kmsg.NewMetadataResponseTopicPartition()
			partition.Replicas, partition.ISR = []int32{0}, []int32{0}
			topic := kmsg.NewMetadataResponseTopic()
			topic.Topic, topic.TopicID, topic.Partitions = new("audit"), [16]byte{1}, []kmsg.MetadataResponseTopicPartition{partition}
			r.Brokers, r.Topics = []kmsg.MetadataResponseBroker{broker}, []kmsg.MetadataResponseTopic{topic}
			return r, nil, true
		})
		_, own, _ := net.SplitHostPort(c.ListenAddrs()[0])
		allowed, _ := strconv.Atoi(own)
		spec := v1alpha1.AuditSinkSpec{Type: "kafka", Kafka: &v1alpha1.KafkaSink{Brokers: c.ListenAddrs(), Topic: "audit"}}
		err = push(t, spec, "", fence(t, allow.Destination{CIDRs: []string{"127.0.0.0/8"}, Ports: []int32{int32(allowed)}}, everyPort("localhost")))
		if err == nil || !strings.Contains(err.Error(), "connecting to "+net.JoinHostPort(elsewhere, port)) || !strings.Contains(err.Error(), "tenant") {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	if n := bell.rings.Load(); n != 0 {
		t.Errorf("the service of the node was reached %d times", n)
	}
}

// Without keys the client would take the rights that the machine has.
func TestATenantDoesNotLogInWithTheNodesRights(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "of-the-node")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of-the-node")
	bell := newDoorbell(t)
	list := fence(t, everyPort("", "127.0.0.0/8"))
	empty := &v1alpha1.AWSAuth{AccessKeyIDSecretRef: *key("url"), SecretAccessKeySecretRef: *key("password")}
	for name, auth := range map[string]*v1alpha1.AWSAuth{"no keys": nil, "a Secret without a value": empty} {
		for kind, spec := range map[string]v1alpha1.AuditSinkSpec{
			"s3":         {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Endpoint: "http://" + bell.address, Auth: auth}},
			"cloudwatch": {Type: "cloudwatch", CloudWatch: &v1alpha1.CloudWatchSink{LogGroup: "audit", Region: "eu-central-1", Endpoint: "http://" + bell.address, Auth: auth}},
		} {
			_, err := connect.New(spec, connect.Surroundings{
				HostRoot: "/", Dial: list, Tenant: true, Secrets: secrets(t, map[string]string{"url": " \n", "password": "swordfish"}),
			}).Open(t.Context())
			if err == nil || !strings.Contains(err.Error(), "a tenant logs in with keys of its own") {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
	}
	if n := bell.rings.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}
