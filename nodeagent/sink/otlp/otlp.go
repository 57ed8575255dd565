// Package otlp sends events to what takes OpenTelemetry logs: over gRPC or HTTP, with the Collector's own exporters.
//
// Records come in and go out as they are. Queue and retries of those exporters are off: package export has them.
package otlp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/pdata/plog"
	metric "go.opentelemetry.io/otel/metric/noop"
	trace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// Options are how to send.
type Options struct {
	// Endpoint is an URL. For HTTP it has the whole path.
	Endpoint string
	// HTTP is OTLP/HTTP, otherwise it is OTLP/gRPC.
	HTTP bool
	// Header goes with each request.
	Header map[string]string
	// TLS is how to verify the receiver.
	TLS dial.TLS
	// Timeout is how long one request may take.
	Timeout time.Duration
	// Dial makes connections, and then none goes through a proxy, which would make others. Nil: any may be made.
	Dial dial.Func
}

// New starts the Collector's exporter. It connects when it has something to send.
func New(ctx context.Context, options Options) (export.Destination, error) {
	if _, err := options.TLS.Config(); err != nil { // its words are better than the exporter's
		return nil, err
	}
	factory, config := grpcConfig(options)
	if options.HTTP {
		factory, config = httpConfig(options)
	}
	if err := confmap.Validate(config); err != nil {
		return nil, err
	}
	settings := exporter.Settings{
		ID:        component.NewIDWithName(factory.Type(), "nodeaudit"),
		BuildInfo: component.BuildInfo{Command: "nodeaudit", Description: "nodeaudit"},
		TelemetrySettings: component.TelemetrySettings{
			Logger: zap.NewNop(), TracerProvider: trace.NewTracerProvider(), MeterProvider: metric.NewMeterProvider(),
		},
	}
	logs, err := factory.CreateLogs(ctx, settings, config)
	if err != nil {
		return nil, err
	}
	// Start's context is the exporter's own, which outlives this push.
	if err := logs.Start(context.WithoutCancel(ctx), host{options.Dial}); err != nil {
		return nil, err
	}
	return &sender{options: options, exporter: logs}, nil
}

func grpcConfig(options Options) (exporter.Factory, component.Config) {
	factory := otlpexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpexporter.Config)
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	config.TimeoutConfig.Timeout = options.Timeout
	config.ClientConfig.Endpoint = options.Endpoint
	config.ClientConfig.TLS = tlsConfig(options)
	config.ClientConfig.Compression = configcompression.TypeGzip
	config.ClientConfig.Headers = opaque(options.Header)
	config.ClientConfig.Middlewares = middlewares
	if options.Dial != nil {
		config.ClientConfig.Endpoint = unresolved(options.Endpoint)
	}
	return factory, config
}

func httpConfig(options Options) (exporter.Factory, component.Config) {
	factory := otlphttpexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*otlphttpexporter.Config)
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	config.LogsEndpoint = options.Endpoint
	config.ClientConfig.Timeout = options.Timeout
	config.ClientConfig.TLS = tlsConfig(options)
	config.ClientConfig.Compression = configcompression.TypeGzip
	config.ClientConfig.Headers = opaque(options.Header)
	config.ClientConfig.Middlewares = middlewares
	return factory, config
}

func tlsConfig(options Options) configtls.ClientConfig {
	config := configtls.NewDefaultClientConfig()
	config.Insecure = strings.HasPrefix(options.Endpoint, "http://")
	config.InsecureSkipVerify = options.TLS.InsecureSkipVerify
	config.ServerName = options.TLS.ServerName
	config.CAPem, config.CertPem, config.KeyPem = pem(options.TLS.CA), pem(options.TLS.Cert), pem(options.TLS.Key)
	return config
}

func pem(text []byte) configopaque.String { return configopaque.String(text) }

func opaque(header map[string]string) configopaque.MapList {
	var list configopaque.MapList
	for name, value := range header {
		list.Set(name, configopaque.String(value))
	}
	return list
}

type sender struct {
	options  Options
	exporter exporter.Logs
}

// Push is export.Destination.Push.
func (s *sender) Push(ctx context.Context, logs plog.Logs) error {
	if dial.Watched(ctx) && !s.options.HTTP {
		s.look(ctx)
	}
	if err := s.exporter.ConsumeLogs(ctx, logs); err != nil {
		return fmt.Errorf("sending to %s: %w", s.options.Endpoint, judge(err))
	}
	dial.Answered(ctx, "it has taken the event")
	return nil
}

// look connects once more, because gRPC shows nobody its connection. What is wrong with it the push says.
func (s *sender) look(ctx context.Context) {
	scheme, address, _ := strings.Cut(s.options.Endpoint, "://")
	address, _, _ = strings.Cut(address, "/")
	var config *tls.Config
	if scheme != "http" {
		config, _ = s.options.TLS.Config() // New has checked it
		config.NextProtos = []string{"h2"}
	}
	if conn, err := s.options.Dial.Connect(ctx, "tcp", address, config); err == nil {
		_ = conn.Close()
	}
}

// Close is export.Destination.Close.
func (s *sender) Close() error { return s.exporter.Shutdown(context.Background()) }

// judge takes back what the exporters call permanent and a person can mend: credentials, rights, addresses. Records would be thrown away meanwhile.
func judge(err error) error {
	if !consumererror.IsPermanent(err) {
		return err
	}
	if code := status.Code(err); code != codes.InvalidArgument && code != codes.OutOfRange {
		return errors.New(err.Error()) // the mark is on the error, so that only its words go on
	}
	return export.Refuse(err)
}
