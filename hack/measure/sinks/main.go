// Sinks measures what it costs an agent to send events elsewhere, by destination and by queue.
//
// It starts itself again as a receiver on loopback that throws everything away, sends events through the agent's own code, and prints for each destination the
// CPU of the sending process for each event, and how many a second left the queue. The events are those of the tests, made before the clock starts; encoding
// them is part of the figure. It touches no audit system.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"github.com/tinylib/msgp/msgp"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter packs with

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/alertmanager"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/cloudwatch"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/elasticsearch"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/fluentd"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/gelf"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/googlecloud"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/kafka"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/otlp"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/s3"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/splunk"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/syslog"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/webhook"
)

func main() {
	count := flag.Int("n", 50000, "how many events")
	receive := flag.Bool("receive", false, "be the receiver")
	only := flag.String("only", ".", "expression for the destinations to measure")
	flag.Parse()
	do := func() error {
		expression, err := regexp.Compile(*only)
		if err != nil {
			return err
		}
		return measure(*count, expression)
	}
	if *receive {
		do = receiver
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// receiver listens for each kind, prints the addresses, and takes everything until its input ends.
func receiver() error {
	for _, serve := range []func(net.Listener){serveHTTP, discard, serveForward, serveGRPC} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(listener.Addr())
		go serve(listener)
	}
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"))
	if err != nil {
		return err
	}
	defer broker.Close()
	fmt.Println(broker.ListenAddrs()[0])
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func serveHTTP(listener net.Listener) {
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"errors":false,"access_token":"token","expires_in":3600,"token_type":"Bearer"}`))
	}))
}

func accept(listener net.Listener, each func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go each(conn)
	}
}

func discard(listener net.Listener) {
	accept(listener, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

func serveForward(listener net.Listener) {
	accept(listener, func(conn net.Conn) {
		reader, writer := msgp.NewReader(conn), msgp.NewWriter(conn)
		for {
			var message protocol.PackedForwardMessage
			if message.DecodeMsg(reader) != nil || (&protocol.AckMessage{Ack: message.Options.Chunk}).EncodeMsg(writer) != nil || writer.Flush() != nil {
				return
			}
		}
	})
}

type logs struct {
	plogotlp.UnimplementedGRPCServer
}

// Export is plogotlp.GRPCServer.Export.
func (logs) Export(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), nil
}

func serveGRPC(listener net.Listener) {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	plogotlp.RegisterGRPCServer(server, &logs{})
	_ = server.Serve(listener)
}

// opener has no secrets.
type opener func(context.Context) (export.Destination, error)

func (o *opener) Open(ctx context.Context) (export.Destination, error) { return (*o)(ctx) }
func (o *opener) Version() string                                      { return "" }
func (o *opener) Redact(text string) string                            { return text }

func measure(count int, only *regexp.Regexp) error {
	command := exec.Command(os.Args[0], "-receive")
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	defer func() { _ = input.Close(); _ = command.Wait() }()
	var addresses []string
	for lines := bufio.NewScanner(output); len(addresses) < 5 && lines.Scan(); {
		addresses = append(addresses, lines.Text())
	}
	if len(addresses) < 5 {
		return errors.New("the receiver did not start")
	}
	line, err := event.AppendLine(nil, sinktest.Events(1)[0])
	if err != nil {
		return err
	}
	fmt.Printf("%d events of %d bytes\n\n%-24s %22s %22s %22s\n", count, len(line), "destination", "memory", "disk", "disk, fsync")
	if err := files(count, len(line), only); err != nil {
		return err
	}
	events := sinktest.Events(count)
	account, err := account("http://" + addresses[0])
	if err != nil {
		return err
	}
	for _, d := range destinations(addresses[0], addresses[1], addresses[2], addresses[3], addresses[4], account) {
		if !only.MatchString(d.name) {
			continue
		}
		fmt.Printf("%-24s", d.name)
		for _, settings := range []export.Settings{{Memory: true}, {}, {Fsync: true}} {
			cell, err := one(d.open, settings, events)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			fmt.Printf(" %22s", cell)
		}
		fmt.Println()
	}
	return nil
}

type destination struct {
	name string
	open opener
}

func destinations(httpAt, tcpAt, forwardAt, grpcAt, kafkaAt string, account []byte) []destination {
	url := "http://" + httpAt
	keys := aws.Options{Region: "eu-test-1", KeyID: "key", Key: "secret"}
	return []destination{
		{"otlp gRPC", func(ctx context.Context) (export.Destination, error) {
			return otlp.New(ctx, otlp.Options{Endpoint: "http://" + grpcAt, Timeout: time.Minute})
		}},
		{"otlp HTTP, loki", func(ctx context.Context) (export.Destination, error) {
			return otlp.New(ctx, otlp.Options{Endpoint: url + "/v1/logs", HTTP: true, Timeout: time.Minute})
		}},
		{"splunk, gzip", func(context.Context) (export.Destination, error) {
			return splunk.New(splunk.Options{URL: url, Token: "token", Web: web.Options{Compress: true}})
		}},
		{"splunk", func(context.Context) (export.Destination, error) {
			return splunk.New(splunk.Options{URL: url, Token: "token"})
		}},
		{"elasticsearch, gzip", func(context.Context) (export.Destination, error) {
			return elasticsearch.New(elasticsearch.Options{URLs: []string{url}, Index: "x", Web: web.Options{Compress: true}})
		}},
		{"webhook lines", func(context.Context) (export.Destination, error) { return webhook.New(webhook.Options{URL: url}) }},
		{"fluentd, acknowledged", func(context.Context) (export.Destination, error) {
			return fluentd.New(fluentd.Options{Address: forwardAt, Tag: "nodeaudit"})
		}},
		{"syslog TCP", func(context.Context) (export.Destination, error) {
			return syslog.New(syslog.Options{Address: tcpAt, AppName: "nodeaudit", Facility: 13})
		}},
		{"kafka, zstd", func(context.Context) (export.Destination, error) {
			return kafka.New(kafka.Options{Brokers: []string{kafkaAt}, Topic: "audit"})
		}},
		{"s3, gzip", func(context.Context) (export.Destination, error) {
			return s3.New(s3.Options{Bucket: "audit", Endpoint: url, PathStyle: true, AWS: keys})
		}},
		{"s3, zstd", func(context.Context) (export.Destination, error) {
			return s3.New(s3.Options{Bucket: "audit", Endpoint: url, PathStyle: true, Zstd: true, AWS: keys})
		}},
		{"cloudwatch", func(context.Context) (export.Destination, error) {
			return cloudwatch.New(cloudwatch.Options{Group: "audit", Stream: "node-1", Endpoint: url, AWS: keys})
		}},
		{"googleCloud", func(context.Context) (export.Destination, error) {
			return googlecloud.New(googlecloud.Options{Project: "p", Log: "audit", Location: "l", Cluster: "c", Endpoint: url, Credentials: account})
		}},
		{"alertmanager", func(context.Context) (export.Destination, error) {
			return alertmanager.New(alertmanager.Options{URLs: []string{url}, Name: "audit {{keys}}", Severity: "critical", Lasting: time.Hour})
		}},
		{"gelf TCP", func(context.Context) (export.Destination, error) { return gelf.New(gelf.Options{Address: tcpAt}) }},
	}
}

// account is the file of a service account whose tokens come from the address.
func account(url string) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{
		"type": "service_account", "private_key_id": "key", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": "audit@project.iam.gserviceaccount.com", "token_uri": url + "/token",
	})
}

// one sends the events, 256 at a time as sink.Queue does, and waits until all are delivered.
func one(open opener, settings export.Settings, events []*event.Event) (string, error) {
	dir, err := os.MkdirTemp("", "nodeaudit-measure-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is below the folder for temporary files
	settings.MaxSize, settings.FirstPause, settings.LongestPause, settings.Timeout = 64<<20, time.Second, time.Second, time.Minute
	s := export.New(export.Options{
		Name: "measured", Dir: dir, Settings: settings, Log: slog.New(slog.DiscardHandler), Target: export.Target{Opener: &open, Encoder: form.Form{}},
	})
	started, used := time.Now(), cpu()
	for at := 0; at < len(events); at += 256 {
		if err := s.Write(context.Background(), events[at:min(at+256, len(events))]); err != nil {
			return "", err
		}
	}
	for s.Delivery().Queued > 0 {
		if d := s.Delivery(); d.LastError != "" {
			return "", errors.New(d.LastError)
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(started)
	used = cpu() - used
	if err := s.Close(); err != nil {
		return "", err
	}
	if d := s.Delivery(); d.Written != int64(len(events)) {
		return "", fmt.Errorf("%d of %d were delivered", d.Written, len(events))
	}
	n := float64(len(events))
	return strings.TrimSpace(fmt.Sprintf("%.1f µs, %.0f k/s", used.Seconds()*1e6/n, n/took.Seconds()/1000)), nil
}

// cpu is what this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
