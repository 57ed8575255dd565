package otlp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter packs with
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/otlp"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver is a server made of OpenTelemetry's own definition of the protocol. Errors are given first, one for each request.
type receiver struct {
	plogotlp.UnimplementedGRPCServer

	mu      sync.Mutex
	errs    []error
	records []export.Record
	token   string
}

// Export is plogotlp.GRPCServer.Export.
func (r *receiver) Export(ctx context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if md, _ := metadata.FromIncomingContext(ctx); len(md.Get("x-token")) > 0 {
		r.token = md.Get("x-token")[0]
	}
	return plogotlp.NewExportResponse(), r.take(request.Logs())
}

func (r *receiver) take(logs plog.Logs) error {
	if len(r.errs) > 0 {
		err := r.errs[0]
		r.errs = r.errs[1:]
		return err
	}
	r.records = append(r.records, export.Records(logs)...)
	return nil
}

// ServeHTTP is OTLP/HTTP.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = request.Header.Get("X-Token")
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(body)
	}
	text, _ := io.ReadAll(body)
	received := plogotlp.NewExportRequest()
	if err := received.UnmarshalProto(text); err != nil || request.URL.Path != "/v1/logs" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	switch err := r.take(received.Logs()); status.Code(err) {
	case codes.OK:
		answer, _ := plogotlp.NewExportResponse().MarshalProto()
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	case codes.Unauthenticated:
		w.WriteHeader(http.StatusUnauthorized)
	case codes.InvalidArgument:
		w.WriteHeader(http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (r *receiver) lines() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines bytes.Buffer
	for _, record := range r.records {
		lines.WriteString(record.Body + "\n")
	}
	return lines.Bytes()
}

func (r *receiver) listen(t *testing.T, overHTTP bool, config *tls.Config) string {
	t.Helper()
	if overHTTP {
		server := httptest.NewUnstartedServer(r)
		t.Cleanup(server.Close)
		if config != nil {
			server.TLS = config
			server.StartTLS()
		} else {
			server.Start()
		}
		return server.URL + "/v1/logs"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var options []grpc.ServerOption
	scheme := "http://"
	if config != nil {
		options, scheme = append(options, grpc.Creds(credentials.NewTLS(config))), "https://"
	}
	server := grpc.NewServer(options...)
	plogotlp.RegisterGRPCServer(server, r)
	done := make(chan struct{})
	go func() { _ = server.Serve(listener); close(done) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return scheme + listener.Addr().String()
}

func open(options otlp.Options) exporttest.Open {
	options.Timeout = 10 * time.Second
	return func(ctx context.Context) (export.Destination, error) { return otlp.New(ctx, options) }
}

var protocols = map[string]bool{"gRPC": false, "HTTP": true}

func TestContract(t *testing.T) {
	for name, overHTTP := range protocols {
		t.Run(name, func(t *testing.T) {
			exporttest.Contract(t, func(t *testing.T) (exporttest.Open, func() []byte) {
				r := &receiver{}
				return open(otlp.Options{Endpoint: r.listen(t, overHTTP, nil), HTTP: overHTTP}), r.lines
			})
		})
	}
}

func TestTLSHeadersAndAttributes(t *testing.T) {
	authority := dialtest.NewAuthority(t)
	cert, key := authority.Sign(t, "node-1", time.Hour)
	for name, overHTTP := range protocols {
		t.Run(name, func(t *testing.T) {
			r := &receiver{}
			s := exporttest.New(t, open(otlp.Options{
				Endpoint: r.listen(t, overHTTP, authority.Server(t, "127.0.0.1", time.Hour, authority)), HTTP: overHTTP,
				TLS: dial.TLS{CA: authority.PEM, Cert: cert, Key: key}, Header: map[string]string{"x-token": "swordfish"},
			}))
			exporttest.Write(t, s, sinktest.Events(1))
			exporttest.Delivered(t, s)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			got := r.records[0]
			if r.token != "swordfish" || got.Node != "node-1" || got.Pod != "cart-0" || got.Type != "SYSCALL" || got.Keys[0] != "exec" || got.Time.UnixMilli() != 1_700_000_000_000 {
				t.Errorf("token %q, %+v", r.token, got)
			}
		})
	}
}

func TestAnUnknownAuthorityIsRefusedInWords(t *testing.T) {
	ours, others := dialtest.NewAuthority(t), dialtest.NewAuthority(t)
	for name, overHTTP := range protocols {
		t.Run(name, func(t *testing.T) {
			r := &receiver{}
			s := exporttest.New(t, open(otlp.Options{
				Endpoint: r.listen(t, overHTTP, ours.Server(t, "127.0.0.1", time.Hour, nil)), HTTP: overHTTP, TLS: dial.TLS{CA: others.PEM},
			}))
			exporttest.Write(t, s, sinktest.Events(1))
			exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool {
				return strings.Contains(s.Delivery().LastError, "authority that is not trusted")
			})
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if len(r.records) > 0 {
				t.Error("something arrived")
			}
		})
	}
}

func TestAnswersOfTheReceiver(t *testing.T) {
	fail := func(list ...codes.Code) []error {
		var errs []error
		for _, code := range list {
			errs = append(errs, status.Error(code, "of a test"))
		}
		return errs
	}
	for name, test := range map[string]struct {
		errs    []error
		dropped int64
		retries int64
	}{
		"trouble that passes":                        {errs: fail(codes.Unavailable, codes.Unavailable), retries: 2},
		"credentials that somebody mends":            {errs: fail(codes.Unauthenticated), retries: 1},
		"one record that is not taken, alone":        {errs: fail(codes.InvalidArgument, codes.InvalidArgument, codes.InvalidArgument), dropped: 1},
		"trouble while the bad record is looked for": {errs: fail(codes.InvalidArgument, codes.Unavailable), retries: 1},
	} {
		for protocol, overHTTP := range protocols {
			t.Run(name+" over "+protocol, func(t *testing.T) {
				r := &receiver{errs: append([]error(nil), test.errs...)}
				s := exporttest.New(t, open(otlp.Options{Endpoint: r.listen(t, overHTTP, nil), HTTP: overHTTP}))
				exporttest.Write(t, s, sinktest.Events(4))
				exporttest.Delivered(t, s)
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if d := s.Delivery(); d.Dropped != test.dropped || d.Written != 4-test.dropped || d.Retries != test.retries || int64(len(r.records)) != d.Written {
					t.Errorf("%d arrived: %+v", len(r.records), d)
				}
			})
		}
	}
}
