package pipeline

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// hook is an HTTP server that keeps what is posted, unless it is busy.
type hook struct {
	*httptest.Server

	mu   sync.Mutex
	busy bool
	text []byte
}

func newHook(t *testing.T, busy bool) *hook {
	t.Helper()
	h := &hook{busy: busy}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.busy {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h.text = append(h.text, body...)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) keys(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	return keysOf(t, h.text)
}

func hookSink(url string, change ...func(*v1alpha1.AuditSinkSpec)) nodeconfig.Sink {
	spec := v1alpha1.AuditSinkSpec{
		Type: v1alpha1.SinkTypeWebhook, Webhook: &v1alpha1.WebhookSink{URL: url},
		Retry: &v1alpha1.SinkRetry{FirstPause: &metav1.Duration{Duration: 5 * time.Millisecond}, LongestPause: &metav1.Duration{Duration: 20 * time.Millisecond}},
	}
	for _, c := range change {
		c(&spec)
	}
	return nodeconfig.Sink{Name: "hook", Spec: spec}
}

func sinkReport(t *testing.T, p *Pipeline) v1alpha1.SinkReport {
	t.Helper()
	_, list := p.Report()
	i := slices.IndexFunc(list, func(r v1alpha1.SinkReport) bool { return r.Name == "hook" })
	if i < 0 {
		t.Fatalf("no report of the sink: %+v", list)
	}
	return list[i]
}

func await(t *testing.T, p *Pipeline, is func(v1alpha1.SinkReport) bool) {
	t.Helper()
	for !is(sinkReport(t, p)) {
		select {
		case <-t.Context().Done():
			t.Fatalf("it never came: %+v", sinkReport(t, p))
		case <-time.After(time.Millisecond):
		}
	}
}

func TestEventsGoElsewhereAndTheReportSaysHow(t *testing.T) {
	h := newHook(t, true)
	p := road(t, Options{StateDir: t.TempDir()})
	p.Configure([]v1alpha1.Route{to("docker", "hook")}, []nodeconfig.Sink{hookSink(h.URL)})
	p.happens(1, 1, "docker")
	await(t, p, func(r v1alpha1.SinkReport) bool { return strings.Contains(r.LastError, "503 Service Unavailable") })
	if r := sinkReport(t, p); r.Queued != 1 || r.QueuedBytes == 0 || r.Written != 0 || r.LastSuccessTime != nil {
		t.Errorf("while it is busy: %+v", r)
	}
	h.mu.Lock()
	h.busy = false
	h.mu.Unlock()
	await(t, p, func(r v1alpha1.SinkReport) bool { return r.Written == 1 && r.LastError == "" })
	if r := sinkReport(t, p); r.Queued != 0 || r.Dropped != 0 || r.LastSuccessTime == nil {
		t.Errorf("afterwards: %+v", r)
	}
	if got := h.keys(t); !slices.Equal(got, []string{"docker"}) {
		t.Errorf("arrived: %q", got)
	}
}

// Another address, another queue and another agent take over what waits.
func TestWhatWaitsIsTakenOver(t *testing.T) {
	state := t.TempDir()
	away, there := newHook(t, true), newHook(t, false)
	routes := []v1alpha1.Route{to("docker", "hook")}
	first := road(t, Options{StateDir: state})
	first.Configure(routes, []nodeconfig.Sink{hookSink(away.URL)})
	first.happens(1, 1, "docker")
	await(t, first, func(r v1alpha1.SinkReport) bool { return r.LastError != "" })
	first.Configure(routes, []nodeconfig.Sink{hookSink(away.URL, func(s *v1alpha1.AuditSinkSpec) { s.Queue = &v1alpha1.SinkQueue{Fsync: true} })})
	first.happens(2, 1, "docker")
	await(t, first, func(r v1alpha1.SinkReport) bool { return r.LastError != "" && r.Queued == 1 })
	first.sinks.stopAll()

	second := road(t, Options{StateDir: state})
	second.Configure(routes, []nodeconfig.Sink{hookSink(away.URL)})
	second.happens(3, 1, "docker")
	await(t, second, func(r v1alpha1.SinkReport) bool { return r.LastError != "" })
	second.Configure(routes, []nodeconfig.Sink{hookSink(there.URL)})
	await(t, second, func(r v1alpha1.SinkReport) bool { return r.Written == 3 })
	if got := there.keys(t); len(got) != 3 {
		t.Errorf("arrived: %q", got)
	}
}

func TestADeadDestinationDelaysNoOther(t *testing.T) {
	dead, there := newHook(t, true), newHook(t, false)
	p := road(t, Options{StateDir: t.TempDir()})
	alive := hookSink(there.URL)
	alive.Name = "alive"
	memory := hookSink(dead.URL, func(s *v1alpha1.AuditSinkSpec) { s.Queue = &v1alpha1.SinkQueue{Type: v1alpha1.SinkQueueMemory} })
	p.Configure([]v1alpha1.Route{to("docker", "hook", "alive")}, []nodeconfig.Sink{memory, alive})
	for i := range uint32(2000) {
		p.happens(i, 1, "docker")
	}
	for len(there.keys(t)) < 2000 {
		select {
		case <-t.Context().Done():
			t.Fatalf("%d arrived", len(there.keys(t)))
		case <-time.After(5 * time.Millisecond):
		}
	}
	if r := sinkReport(t, p); r.Queued+r.Dropped != 2000 {
		t.Errorf("at the dead one: %+v", fmt.Sprint(r))
	}
}

func TestEventsGoElsewhereInTheirForm(t *testing.T) {
	h := newHook(t, false)
	p := road(t, Options{StateDir: t.TempDir()})
	p.Configure([]v1alpha1.Route{to("docker", "hook")}, []nodeconfig.Sink{hookSink(h.URL, func(s *v1alpha1.AuditSinkSpec) { s.Format = v1alpha1.SinkFormatECS })})
	p.happens(1, 1, "docker")
	await(t, p, func(r v1alpha1.SinkReport) bool { return r.Written == 1 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.HasPrefix(string(h.text), `{"@timestamp":"`) {
		t.Errorf("arrived: %s", h.text)
	}
}
