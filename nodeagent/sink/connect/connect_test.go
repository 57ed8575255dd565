package connect_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func secrets(t *testing.T, values map[string]string) secret.Dir {
	t.Helper()
	dir := t.TempDir()
	for name, value := range values {
		path := filepath.Join(dir, "nodeaudit-sinks", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return secret.Dir{Path: dir, Hint: "see the chart's value agent.sinkSecrets"}
}

func key(name string) *v1alpha1.SecretKey {
	return &v1alpha1.SecretKey{Name: "nodeaudit-sinks", Key: name}
}

// gossip answers everything with what it was told, as bad servers do, until it knows the password.
type gossip struct {
	mu       sync.Mutex
	password string
	taken    int
}

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body)
	told := r.URL.String()
	for _, name := range []string{"Authorization", "X-Token"} {
		told += " " + r.Header.Get(name)
	}
	user, password, _ := r.BasicAuth()
	if g.password != "" && strings.Contains(told+password, g.password) {
		g.taken++
		_, _ = w.Write([]byte(`{"errors":false}`))
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte("I do not like " + told + " of " + user + " with " + password))
}

// destinations are the specs that have secrets, to a server over HTTP.
func destinations(url string) map[string]v1alpha1.AuditSinkSpec {
	basic := &v1alpha1.HTTPAuth{Basic: &v1alpha1.BasicAuth{Username: "audit", PasswordSecretRef: *key("password")}}
	bearer := &v1alpha1.HTTPAuth{BearerTokenSecretRef: key("password")}
	header := []v1alpha1.SinkHeader{{Name: "X-Token", ValueSecretRef: key("password")}}
	return map[string]v1alpha1.AuditSinkSpec{
		"splunk":                   {Type: "splunk", Splunk: &v1alpha1.SplunkSink{URL: url, TokenSecretRef: *key("password")}},
		"otlp over HTTP":           {Type: "otlp", OTLP: &v1alpha1.OTLPSink{Endpoint: url, Protocol: "HTTP", Headers: header}},
		"loki":                     {Type: "loki", Loki: &v1alpha1.LokiSink{URL: url, Auth: basic}},
		"loki with a token":        {Type: "loki", Loki: &v1alpha1.LokiSink{URL: url, Auth: bearer}},
		"elasticsearch":            {Type: "elasticsearch", Elasticsearch: &v1alpha1.ElasticsearchSink{URLs: []string{url}, Auth: basic}},
		"elasticsearch with a key": {Type: "elasticsearch", Elasticsearch: &v1alpha1.ElasticsearchSink{URLs: []string{url}, APIKeySecretRef: key("password")}},
		"opensearch":               {Type: "opensearch", OpenSearch: &v1alpha1.ElasticsearchSink{URLs: []string{url}, Auth: bearer}},
		"s3": {Type: "s3", S3: &v1alpha1.S3Sink{Bucket: "audit", Endpoint: url, Auth: &v1alpha1.AWSAuth{
			AccessKeyIDSecretRef: *key("password"), SecretAccessKeySecretRef: *key("password"),
		}}},
		"cloudwatch": {Type: "cloudwatch", CloudWatch: &v1alpha1.CloudWatchSink{LogGroup: "audit", Region: "eu-test-1", Endpoint: url, Auth: &v1alpha1.AWSAuth{
			AccessKeyIDSecretRef: *key("password"), SecretAccessKeySecretRef: *key("password"),
		}}},
		"alertmanager": {Type: "alertmanager", Alertmanager: &v1alpha1.AlertmanagerSink{URLs: []string{url}, Auth: basic}},
		"webhook":      {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: url, Headers: header, Auth: basic}},
	}
}

const (
	old     = "swordfish-of-old"
	rotated = "haddock-of-today"
)

// Secrets are in no error, no log and no name of a file, even when the server repeats them; and a new one is used without a restart.
func TestSecretsAreToldNobodyAndRotate(t *testing.T) {
	for name := range destinations("") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gossip{}
			server := httptest.NewServer(g)
			defer server.Close()
			dir, state := secrets(t, map[string]string{"password": old}), t.TempDir()
			var log bytes.Buffer
			s := export.New(export.Options{
				Name: "vault", Dir: state, Log: slog.New(slog.NewTextHandler(&log, nil)),
				Settings: export.Settings{MaxSize: 1 << 20, FirstPause: 5 * time.Millisecond, LongestPause: 50 * time.Millisecond, Timeout: 10 * time.Second},
				Target:   connect.Target(destinations(server.URL)[name], form.Form{}, connect.Surroundings{Node: "node-1", HostRoot: "/", Secrets: dir}),
			})
			exporttest.Write(t, s, sinktest.Events(1))
			told := ""
			exporttest.Eventually(t, func() string { return "no error" }, func() bool { told += s.Delivery().LastError; return s.Delivery().Retries > 2 })
			g.mu.Lock()
			g.password = rotated
			g.mu.Unlock()
			if err := os.WriteFile(filepath.Join(dir.Path, "nodeaudit-sinks", "password"), []byte(rotated), 0o600); err != nil {
				t.Fatal(err)
			}
			exporttest.Delivered(t, s)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			told += log.String() + everything(t, state)
			for _, value := range []string{old, rotated, base64.StdEncoding.EncodeToString([]byte("audit:" + old)), base64.StdEncoding.EncodeToString([]byte(old))} {
				if strings.Contains(told, value) {
					t.Errorf("%q is in what is told or stored:\n%.2000s", value, told)
				}
			}
			if !strings.Contains(told, "401") {
				t.Errorf("the trouble itself is not told: %.2000s", told)
			}
		})
	}
}

// everything is what lies in the folder.
func everything(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.WriteString(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestASecretThatIsMissingIsNamedAndLosesNothing(t *testing.T) {
	for name, spec := range destinations("http://127.0.0.1:1") {
		_, err := connect.New(spec, connect.Surroundings{HostRoot: "/", Secrets: secrets(t, nil)}).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), "there is no secret nodeaudit-sinks/password: see the chart's value agent.sinkSecrets") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryTypeOfTheAPIIsKnown(t *testing.T) {
	for _, kind := range []v1alpha1.SinkType{
		"syslog", "journald", "gelf", "fluentd", "splunk", "otlp", "loki", "elasticsearch", "opensearch", "webhook",
		"kafka", "s3", "cloudwatch", "googleCloud", "alertmanager",
	} {
		if !connect.Elsewhere(kind) {
			t.Errorf("%s is not known", kind)
		}
		if kind == "journald" {
			continue
		}
		if _, err := connect.New(v1alpha1.AuditSinkSpec{Type: kind}, connect.Surroundings{}).Open(context.Background()); err == nil || !strings.Contains(err.Error(), "say in it where to send") {
			t.Errorf("%s without its member: %v", kind, err)
		}
	}
	for _, kind := range []v1alpha1.SinkType{"file", "stdout", "pigeon"} {
		if connect.Elsewhere(kind) {
			t.Errorf("%s is elsewhere", kind)
		}
	}
}

func TestSettings(t *testing.T) {
	size := resource.MustParse("1Gi")
	for name, test := range map[string]struct {
		spec v1alpha1.AuditSinkSpec
		want export.Settings
	}{
		"what holds without a word": {
			v1alpha1.AuditSinkSpec{}, export.Settings{MaxSize: 256 << 20, FirstPause: time.Second, LongestPause: 30 * time.Second, Timeout: 10 * time.Second},
		},
		"a queue in memory is smaller": {
			v1alpha1.AuditSinkSpec{Queue: &v1alpha1.SinkQueue{Type: "Memory"}},
			export.Settings{Memory: true, MaxSize: 16 << 20, FirstPause: time.Second, LongestPause: 30 * time.Second, Timeout: 10 * time.Second},
		},
		"objects of S3 are large": {
			v1alpha1.AuditSinkSpec{Type: "s3"},
			export.Settings{
				MaxSize: 256 << 20, FirstPause: time.Second, LongestPause: 30 * time.Second, Timeout: 10 * time.Second, BatchSize: 8 << 20, BatchAge: 5 * time.Minute,
			},
		},
		"objects of S3 are as large and old as somebody says": {
			v1alpha1.AuditSinkSpec{Type: "s3", S3: &v1alpha1.S3Sink{Batch: &v1alpha1.S3Batch{MaxSize: &size, MaxAge: &metav1.Duration{Duration: time.Minute}}}},
			export.Settings{
				MaxSize: 256 << 20, FirstPause: time.Second, LongestPause: 30 * time.Second, Timeout: 10 * time.Second, BatchSize: 1 << 30, BatchAge: time.Minute,
			},
		},
		"everything": {
			v1alpha1.AuditSinkSpec{
				Queue: &v1alpha1.SinkQueue{MaxSize: &size, Fsync: true, Overflow: v1alpha1.SinkDropOldest}, Timeout: &metav1.Duration{Duration: time.Minute},
				Retry: &v1alpha1.SinkRetry{FirstPause: &metav1.Duration{Duration: time.Minute}, LongestPause: &metav1.Duration{Duration: time.Second}},
			},
			export.Settings{MaxSize: 1 << 30, Fsync: true, DropOldest: true, FirstPause: time.Minute, LongestPause: time.Minute, Timeout: time.Minute},
		},
	} {
		test.spec.Type = cmp.Or(test.spec.Type, "webhook")
		if got := connect.Settings(&test.spec); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestTheNodesOwnAuthoritiesAreTrusted(t *testing.T) {
	server := httptest.NewTLSServer(&gossip{password: "swordfish"})
	defer server.Close()
	host := t.TempDir()
	if err := os.MkdirAll(filepath.Join(host, "etc/ssl/certs"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "-----BEGIN CERTIFICATE-----\n" + base64.StdEncoding.EncodeToString(server.Certificate().Raw) + "\n-----END CERTIFICATE-----\n"
	if err := os.WriteFile(filepath.Join(host, "etc/ssl/certs/ca-certificates.crt"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	spec := v1alpha1.AuditSinkSpec{Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: server.URL + "/swordfish"}}
	destination, err := connect.New(spec, connect.Surroundings{HostRoot: host}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := destination.Push(t.Context(), exporttest.Logs(t, sinktest.Events(1))); err != nil {
		t.Error(err)
	}
	_ = destination.Close()
}
