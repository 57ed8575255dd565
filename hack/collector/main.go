// Collector is a peer for tests: receivers of the OpenTelemetry Collector, which write what they get into a file.
//
// Addresses come in as flags, one for each receiver; a line of JSON for each log record goes to the end of the file, before the receiver's answer does. It
// ends with its standard input. It is a module of its own, so that nothing of it is in the product's.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/ackextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/fluentforwardreceiver"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/splunkhecreceiver"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/syslogreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

func run() error {
	out := flag.String("out", "", "the file to write to")
	grpc := flag.String("otlp-grpc", "", "address for OTLP over gRPC")
	http := flag.String("otlp-http", "", "address for OTLP over HTTP")
	forward := flag.String("forward", "", "address for the forward protocol of Fluentd")
	stream := flag.String("syslog-tcp", "", "address for RFC 5424 over TCP with octet counting")
	packets := flag.String("syslog-udp", "", "address for RFC 5424 over UDP")
	hec := flag.String("splunk", "", "address for Splunk's HTTP Event Collector")
	hecAck := flag.String("splunk-ack", "", "the same with acknowledgements")
	flag.Parse()
	file, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	acks, err := acknowledgements()
	if err != nil {
		return err
	}
	for _, r := range []struct {
		address string
		factory receiver.Factory
		config  map[string]any
	}{
		{*grpc, otlpreceiver.NewFactory(), map[string]any{"protocols": map[string]any{"grpc": map[string]any{"endpoint": *grpc, "max_recv_msg_size_mib": 64}}}},
		{*http, otlpreceiver.NewFactory(), map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": *http}}}},
		{*forward, fluentforwardreceiver.NewFactory(), map[string]any{"endpoint": *forward}},
		{*stream, syslogreceiver.NewFactory(), map[string]any{
			"protocol": "rfc5424", "enable_octet_counting": true, "max_octets": 4 << 20,
			"tcp": map[string]any{"listen_address": *stream, "max_log_size": "4MiB"},
		}},
		{*packets, syslogreceiver.NewFactory(), map[string]any{"protocol": "rfc5424", "udp": map[string]any{"listen_address": *packets}}},
		{*hec, splunkhecreceiver.NewFactory(), map[string]any{"endpoint": *hec}},
		{*hecAck, splunkhecreceiver.NewFactory(), map[string]any{"endpoint": *hecAck, "ack": map[string]any{"extension": "ack"}}},
	} {
		if r.address == "" {
			continue
		}
		if err := start(r.factory, r.config, acks, &writer{file}); err != nil {
			return fmt.Errorf("%s: %w", r.factory.Type(), err)
		}
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// host is what receivers ask for extensions.
type host map[component.ID]component.Component

// GetExtensions is component.Host.GetExtensions.
func (h host) GetExtensions() map[component.ID]component.Component { return h }

// acknowledgements has the extension that remembers what Splunk's receiver has taken.
func acknowledgements() (host, error) {
	factory := ackextension.NewFactory()
	id := component.NewID(factory.Type())
	made, err := factory.Create(context.Background(), extension.Settings{ID: id, TelemetrySettings: componenttest.NewNopTelemetrySettings()}, factory.CreateDefaultConfig())
	if err != nil {
		return nil, err
	}
	return host{id: made}, made.Start(context.Background(), host{})
}

func start(factory receiver.Factory, settings map[string]any, with host, to *writer) error {
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(settings).Unmarshal(config); err != nil {
		return err
	}
	next, err := consumer.NewLogs(to.consume)
	if err != nil {
		return err
	}
	made, err := factory.CreateLogs(context.Background(), receiver.Settings{
		ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}, config, next)
	if err != nil {
		return err
	}
	return made.Start(context.Background(), with)
}

type writer struct{ file *os.File }

// consume writes all records at once, so that a batch that was answered for is whole.
func (w *writer) consume(_ context.Context, logs plog.Logs) error {
	var lines []byte
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				line, err := json.Marshal(map[string]any{
					"body": record.Body().AsString(), "attributes": record.Attributes().AsRaw(), "resource": resource.Resource().Attributes().AsRaw(),
				})
				if err != nil {
					return errors.Join(errors.New("writing a record"), err)
				}
				lines = append(append(lines, line...), '\n')
			}
		}
	}
	_, err := w.file.Write(lines)
	return err
}
