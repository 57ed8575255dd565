package pipeline

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/control"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
)

// tried is what a road with this sink alone says of a test of it.
func tried(t *testing.T, spec v1alpha1.AuditSinkSpec) control.SinkTest {
	t.Helper()
	p := road(t, Options{StateDir: t.TempDir()})
	p.Configure([]v1alpha1.Route{to("docker", "siem")}, []nodeconfig.Sink{{Name: "siem", Spec: spec}})
	return p.TestSink(t.Context(), control.Request{TestSink: "siem", By: "ann"})
}

// secure is a server whose certificate is for this name.
func secure(t *testing.T, name string) (url string, ca string) {
	t.Helper()
	authority := dialtest.NewAuthority(t)
	cert, key := authority.Sign(t, name, 48*time.Hour)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome\x1b[31m") }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, string(authority.PEM)
}

// mute takes connections and never says anything.
func mute(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func hookSpec(url, ca string) v1alpha1.AuditSinkSpec {
	spec := v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeWebhook, Webhook: &v1alpha1.WebhookSink{URL: url}}
	if ca != "" {
		spec.Webhook.TLS = &v1alpha1.SinkTLS{CA: ca}
	}
	return spec
}

func TestASinkThatIsTriedSaysWhatItsReceiverAnswers(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "who are you?")
	}))
	t.Cleanup(refusing.Close)
	right, rightCA := secure(t, "127.0.0.1")
	wrong, wrongCA := secure(t, "siem.example.com")
	nobody := hookSpec("http://127.0.0.1:1", "")
	hung := hookSpec("http://"+mute(t), "")
	hung.Timeout = &metav1.Duration{Duration: 300 * time.Millisecond}
	stream := v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeSyslog, Syslog: &v1alpha1.SyslogSink{Address: mute(t)}}
	for name, test := range map[string]struct {
		spec      v1alpha1.AuditSinkSpec
		delivered bool
		says      []string // parts of what is printed
	}{
		"nobody listens": {nobody, false, []string{"connection refused", "nobody listens there", "127.0.0.1:1"}},
		"the credentials are wrong": {hookSpec(refusing.URL, ""), false, []string{
			"401 Unauthorized: who are you?", "see whether the credentials", strings.TrimPrefix(refusing.URL, "http://"),
		}},
		"the certificate is for another name": {hookSpec(wrong, wrongCA), false, []string{
			"set tls.serverName", "refused, certificate \"CN=siem.example.com\" by \"CN=authority of a test\"", "2 days left, for siem.example.com",
		}},
		"the receiver hangs":         {hung, false, []string{"did not answer in time"}},
		"all is well, with TLS":      {hookSpec(right, rightCA), true, []string{"200 OK welcome�[31m", "TLS 1.3, certificate \"CN=127.0.0.1\"", "siem has the test event of node"}},
		"a protocol without answers": {stream, true, []string{"this protocol has no answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			result := tried(t, test.spec)
			if result.Delivered != test.delivered || result.ID == "" {
				t.Errorf("%+v", result)
			}
			var text strings.Builder
			if err := result.Print(&text, time.Now()); err != nil {
				t.Fatal(err)
			}
			for _, part := range test.says {
				if !strings.Contains(text.String(), part) {
					t.Errorf("%q is not in\n%s", part, text.String())
				}
			}
		})
	}
}

func TestATestEventIsMarkedAndGoesPastTheQueueToItsSinkAlone(t *testing.T) {
	h, other := newHook(t, true), newHook(t, false)
	p := road(t, Options{StateDir: t.TempDir()})
	second := hookSink(other.URL)
	second.Name = "other"
	p.Configure([]v1alpha1.Route{to("docker", "hook", "other")}, []nodeconfig.Sink{hookSink(h.URL, func(s *v1alpha1.AuditSinkSpec) {
		s.Retry = &v1alpha1.SinkRetry{FirstPause: &metav1.Duration{Duration: time.Hour}}
	}), second})
	p.happens(1, 1, "docker")
	await(t, p, func(r v1alpha1.SinkReport) bool { return r.LastError != "" })
	h.mu.Lock()
	h.busy = false
	h.mu.Unlock()
	result := p.TestSink(t.Context(), control.Request{TestSink: "hook", By: "ann"})
	if !result.Delivered || result.Waiting != 1 {
		t.Errorf("%+v", result)
	}
	h.mu.Lock()
	text := string(h.text)
	h.mu.Unlock()
	if !strings.Contains(text, `"type":"NODEAUDIT_TEST"`) || !strings.Contains(text, result.ID) || !strings.Contains(text, `"by":"ann"`) || strings.Count(text, "\n") > 1 {
		t.Errorf("arrived: %s", text)
	}
	for len(other.keys(t)) < 1 {
		time.Sleep(time.Millisecond)
	}
	other.mu.Lock()
	defer other.mu.Unlock()
	if strings.Contains(string(other.text), "NODEAUDIT_TEST") {
		t.Errorf("another sink has it: %s", other.text)
	}
}

func TestAFileIsTriedByWritingToIt(t *testing.T) {
	p := road(t, Options{StateDir: t.TempDir()})
	result := p.TestSink(t.Context(), control.Request{TestSink: nodeconfig.DefaultSink})
	file := filepath.Join(p.options.LogDir, "audit.log")
	if !result.Delivered || result.File != file {
		t.Fatalf("%+v", result)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), result.ID) {
		t.Errorf("%v in %s", err, text)
	}
}

func TestASinkThatNoRouteNamesIsNotTried(t *testing.T) {
	p := road(t, Options{StateDir: t.TempDir()})
	if result := p.TestSink(t.Context(), control.Request{TestSink: "pigeon"}); result.Delivered || result.ID != "" || !strings.Contains(result.Error, `"pigeon"; its sinks are `+nodeconfig.DefaultSink) {
		t.Errorf("%+v", result)
	}
}
