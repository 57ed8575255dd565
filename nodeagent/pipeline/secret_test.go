package pipeline

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/control"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

const token = "swordfish-of-the-deep"

// told is everything that the agent tells anybody: its metrics, its report, its log at its most talkative, and what a test of the sink says.
func told(t *testing.T, p *Pipeline, log *bytes.Buffer) string {
	t.Helper()
	var all strings.Builder
	registry := prometheus.NewRegistry()
	registry.MustRegister(p)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		all.WriteString(family.String())
	}
	result := p.TestSink(t.Context(), control.Request{TestSink: "siem", By: "ann"})
	if err := result.Print(&all, time.Now()); err != nil {
		t.Fatal(err)
	}
	events, sinks := p.Report()
	for _, value := range []any{result, events, sinks} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	p.sinks.stopAll()
	return all.String() + log.String()
}

// A receiver that repeats the credentials, in a refusal and in a welcome, does not bring the agent to tell them.
func TestNothingThatTheAgentTellsHasASecret(t *testing.T) {
	var welcome atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !welcome.Load() {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprintln(w, "you are", r.Header, r.URL)
	}))
	t.Cleanup(server.Close)
	key := v1alpha1.SecretKey{Name: "nodeaudit-sinks", Key: "token"}
	for name, spec := range map[string]v1alpha1.AuditSinkSpec{
		"a token":  {Type: "splunk", Splunk: &v1alpha1.SplunkSink{URL: server.URL, TokenSecretRef: key}},
		"a header": {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: server.URL, Headers: []v1alpha1.SinkHeader{{Name: "X-Token", ValueSecretRef: &key}}}},
		"a password": {Type: "loki", Loki: &v1alpha1.LokiSink{URL: server.URL, Auth: &v1alpha1.HTTPAuth{
			Basic: &v1alpha1.BasicAuth{Username: "audit", PasswordSecretRef: key},
		}}},
		"an address":              {Type: "webhook", Webhook: &v1alpha1.WebhookSink{URLSecretRef: &v1alpha1.SecretKey{Name: "nodeaudit-sinks", Key: "url"}}},
		"a key that is not there": {Type: "splunk", Splunk: &v1alpha1.SplunkSink{URL: server.URL, TokenSecretRef: v1alpha1.SecretKey{Name: "nodeaudit-sinks", Key: "tokne"}}},
	} {
		for _, welcomed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, welcome %t", name, welcomed), func(t *testing.T) {
				welcome.Store(welcomed)
				secrets := t.TempDir()
				for name, value := range map[string]string{"token": token, "url": server.URL + "/hook/" + token} {
					if err := os.MkdirAll(filepath.Join(secrets, "nodeaudit-sinks"), 0o700); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(secrets, "nodeaudit-sinks", name), []byte(value), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				var log bytes.Buffer
				p := road(t, Options{
					StateDir: t.TempDir(), Secrets: secret.Dir{Path: secrets, Hint: "see agent.sinkSecrets"},
					Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				spec.Retry = &v1alpha1.SinkRetry{FirstPause: &metav1.Duration{Duration: 5 * time.Millisecond}}
				p.Configure([]v1alpha1.Route{to("docker", "siem")}, []nodeconfig.Sink{{Name: "siem", Spec: spec}})
				p.happens(1, 1, "docker")
				for {
					_, list := p.Report()
					if i := sinkNamed(list, "siem"); list[i].LastError != "" || list[i].Written > 0 {
						break
					}
					time.Sleep(time.Millisecond)
				}
				all := told(t, p, &log)
				for _, value := range []string{token, base64.StdEncoding.EncodeToString([]byte("audit:" + token)), base64.StdEncoding.EncodeToString([]byte(token))} {
					if strings.Contains(all, value) {
						t.Errorf("%q is told:\n%s", value, all)
					}
				}
				if !strings.Contains(all, "siem") || !strings.Contains(all, "nodeaudit_sink_written_total") {
					t.Errorf("nothing is told: %s", all)
				}
			})
		}
	}
}

func sinkNamed(list []v1alpha1.SinkReport, name string) int {
	for i, r := range list {
		if r.Name == name {
			return i
		}
	}
	return -1
}
