package main

import (
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// receiver is what a destination sends to. It keeps its address and what it has over kill and start.
type receiver interface {
	// start makes it take events, at the same address each time.
	start() error
	// kill ends it without a word.
	kill()
	// got is the numbers of the events that it has, in the order in which it had them.
	got() []int
	// address is where it is.
	address() string
}

// row is one destination. To add one, add it to rows.
type row struct {
	name string
	by   string // who the receiver is
	make func(dir string) (receiver, error)
	// sink is the spec without queue and pauses, for a receiver at this address.
	sink func(address string) v1alpha1.AuditSinkSpec
	file bool // it is on the node: nothing that a receiver does can happen
	udp  bool // what is sent while nobody is there is gone, and nothing waits for a power cut
}

func (r *row) spec(at receiver) v1alpha1.AuditSinkSpec { return r.sink(at.address()) }

func queue(fsync bool) *v1alpha1.SinkQueue { return &v1alpha1.SinkQueue{Fsync: fsync} }

func retry() *v1alpha1.SinkRetry {
	return &v1alpha1.SinkRetry{LongestPause: &metav1.Duration{Duration: 5 * time.Second}}
}

var rows = []row{
	{name: "otlp, gRPC", by: "OpenTelemetry Collector", make: collector("-otlp-grpc"), sink: otlp("")},
	{name: "otlp, HTTP", by: "OpenTelemetry Collector", make: collector("-otlp-http"), sink: otlp(v1alpha1.OTLPHTTP)},
	{name: "loki", by: "Loki", make: loki, sink: toLoki},
	{name: "loki", by: "own, HTTP", make: own("http"), sink: toLoki},
	{name: "splunk", by: "OpenTelemetry Collector", make: collector("-splunk"), sink: hec},
	{name: "splunk, acknowledged", by: "OpenTelemetry Collector", make: collector("-splunk-ack"), sink: hec},
	{name: "splunk", by: "own, keeps half a second in memory", make: own("splunk"), sink: hec},
	{name: "splunk, acknowledged", by: "own, keeps half a second in memory", make: own("splunk-acks"), sink: hec},
	{name: "elasticsearch", by: "own, refuses ids it has", make: own("bulk"), sink: func(at string) v1alpha1.AuditSinkSpec {
		return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeElasticsearch, Elasticsearch: &v1alpha1.ElasticsearchSink{URLs: []string{"http://" + at}}}
	}},
	{name: "webhook", by: "own, HTTP", make: own("http"), sink: func(at string) v1alpha1.AuditSinkSpec {
		return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeWebhook, Webhook: &v1alpha1.WebhookSink{URL: "http://" + at}}
	}},
	{name: "fluentd", by: "OpenTelemetry Collector", make: collector("-forward"), sink: fluentd},
	{name: "fluentd", by: "own, answers when it has written", make: own("forward"), sink: fluentd},
	{name: "journald", by: "systemd-journald", make: journal, sink: func(at string) v1alpha1.AuditSinkSpec {
		return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeJournald, Journald: &v1alpha1.JournaldSink{Namespace: at}}
	}},
	{name: "syslog, TCP", by: "rsyslog", make: rsyslog(tcpInput), sink: syslog(v1alpha1.WireTCP)},
	{name: "syslog, TCP", by: "syslog-ng", make: syslogNG, sink: syslog(v1alpha1.WireTCP)},
	{name: "syslog, TCP", by: "OpenTelemetry Collector", make: collector("-syslog-tcp"), sink: syslog(v1alpha1.WireTCP)},
	{name: "syslog, TLS", by: "rsyslog", make: rsyslog(tlsInput), sink: syslog(v1alpha1.WireTLS)},
	{name: "syslog, UDP", by: "rsyslog", make: rsyslog(udpInput), udp: true, sink: syslog(v1alpha1.WireUDP)},
	{name: "gelf, TCP", by: "own", make: own("gelf"), sink: gelf(v1alpha1.WireTCP)},
	{name: "gelf, UDP", by: "own", make: own("gelf-udp"), udp: true, sink: gelf(v1alpha1.WireUDP)},
	{name: "kafka", by: "franz-go's kfake", make: kafka, sink: toKafka},
	{name: "s3", by: "versitygw", make: gateway, sink: toS3},
	{name: "file", by: "a file of the node", make: onNode, file: true, sink: func(string) v1alpha1.AuditSinkSpec {
		return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeFile}
	}},
}

func otlp(protocol v1alpha1.OTLPProtocol) func(string) v1alpha1.AuditSinkSpec {
	return func(at string) v1alpha1.AuditSinkSpec {
		return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeOTLP, OTLP: &v1alpha1.OTLPSink{Endpoint: "http://" + at, Protocol: protocol}}
	}
}

// hec names a secret that secrets makes.
func hec(at string) v1alpha1.AuditSinkSpec {
	return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeSplunk, Splunk: &v1alpha1.SplunkSink{
		URL: "http://" + at, TokenSecretRef: v1alpha1.SecretKey{Name: secretName, Key: "token"},
	}}
}

func fluentd(at string) v1alpha1.AuditSinkSpec {
	return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeFluentd, Fluentd: &v1alpha1.FluentdSink{Address: at}}
}

func syslog(protocol v1alpha1.WireProtocol) func(string) v1alpha1.AuditSinkSpec {
	return func(at string) v1alpha1.AuditSinkSpec {
		spec := v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeSyslog, Syslog: &v1alpha1.SyslogSink{Address: at, Protocol: protocol}}
		if protocol == v1alpha1.WireTLS {
			spec.Syslog.TLS = &v1alpha1.SinkTLS{CASecretRef: &v1alpha1.SecretKey{Name: secretName, Key: "ca"}}
		}
		return spec
	}
}

func gelf(protocol v1alpha1.WireProtocol) func(string) v1alpha1.AuditSinkSpec {
	return func(at string) v1alpha1.AuditSinkSpec {
		return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeGELF, GELF: &v1alpha1.GELFSink{Address: at, Protocol: protocol}}
	}
}

// secretName is the Secret of all rows: a folder of this name in the cell's.
const secretName = "faults"

var port atomic.Int32

// free returns an address on loopback that nobody uses, below those that the kernel gives out by itself: one of these could be taken while a receiver is away.
func free() (string, error) {
	for range 10000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+port.Add(1))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return address, listener.Close()
		}
	}
	return "", fmt.Errorf("no port is free from 20001 on")
}

// onNode is the file itself.
func onNode(dir string) (receiver, error) { return &fileOnNode{filepath.Join(dir, "agent")}, nil }
