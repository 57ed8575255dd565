package connect_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect/lokitest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// loki is Grafana's own server, which keeps its address and what it has over kill and start.
type loki struct {
	address, config string
}

func newLoki(t *testing.T) *loki {
	t.Helper()
	if _, err := exec.LookPath("loki"); err != nil {
		t.Skip("needs the server of make loki")
	}
	l := &loki{exporttest.Address(t), filepath.Join(t.TempDir(), "loki.yaml")}
	text, err := lokitest.Config(l.address, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// start starts it, and returns what kills it.
func (l *loki) start(t *testing.T) (kill func()) {
	t.Helper()
	return exporttest.Run(t, exec.CommandContext(t.Context(), "loki", "-config.file="+l.config), func() bool {
		_, err := l.get("/ready", "", nil)
		return err == nil
	})
}

func (l *loki) get(path, tenant string, query url.Values) ([]byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+l.address+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Scope-OrgID", tenant)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		err = errors.New(string(text))
	}
	return text, errors.Join(err, response.Body.Close())
}

// stream is what Loki has of one set of labels, structured metadata among them.
type stream struct {
	Stream map[string]string `json:"stream"`
	Values [][2]string       `json:"values"`
}

func (l *loki) query(t *testing.T, tenant, query string) []stream {
	t.Helper()
	text, err := l.get("/loki/api/v1/query_range", tenant, url.Values{
		"query": {query}, "limit": {"5000"}, "direction": {"forward"}, "start": {strconv.FormatInt(time.Now().Add(-time.Hour).UnixNano(), 10)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Result []stream `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.Result
}

// lines are those of all streams, in the order of their times.
func lines(streams []stream) []byte {
	var all [][2]string
	for _, s := range streams {
		all = append(all, s.Values...)
	}
	slices.SortStableFunc(all, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var text []byte
	for _, value := range all {
		text = append(append(text, value[1]...), '\n')
	}
	return text
}

func (l *loki) sink(t *testing.T) *export.Sink {
	t.Helper()
	return exporttest.New(t, func(ctx context.Context) (export.Destination, error) {
		return connect.New(v1alpha1.AuditSinkSpec{Type: "loki", Loki: &v1alpha1.LokiSink{URL: "http://" + l.address, Tenant: "security"}}, connect.Surroundings{}).Open(ctx)
	})
}

// now are events of this minute: Loki takes none that are older than a week.
func now(n int) []*event.Event {
	events := sinktest.Events(n)
	for i, e := range events {
		e.Time = time.Now().Add(time.Duration(i-n) * time.Millisecond).UTC().Truncate(time.Millisecond)
	}
	return events
}

func TestLokiHasEventsWholeUnderTheirNodeAndOverAKill(t *testing.T) {
	l := newLoki(t)
	kill := l.start(t)
	s := l.sink(t)
	events := now(900)
	write := func(events []*event.Event) {
		for batch := range slices.Chunk(events, 100) {
			exporttest.Write(t, s, batch)
		}
	}
	write(events[:300])
	exporttest.Delivered(t, s)
	kill()
	write(events[300:600])
	exporttest.Told(t, s, "refused")
	l.start(t)
	write(events[600:])
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := s.Delivery(); got.Dropped != 0 {
		t.Errorf("given up: %+v", got)
	}
	const all = `{service_name="nodeaudit", service_instance_id="node-1"}`
	sinktest.Compare(t, lines(l.query(t, "security", all)), sinktest.Lines(t, events))
	if others := l.query(t, "others", all); len(others) != 0 {
		t.Errorf("another tenant reads %d streams", len(others))
	}
	found := l.query(t, "security", all+` | k8s_pod_name="cart-0" | audit_serial="7"`)
	if len(found) != 1 || len(found[0].Values) != 1 {
		t.Fatalf("found by its fields: %v", found)
	}
	for name, want := range map[string]string{"k8s_namespace_name": "shop", "audit_type": "SYSCALL", "host_name": "node-1"} {
		if diff := cmp.Diff(want, found[0].Stream[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLokiRefusesOneEventAndTheOthersArrive(t *testing.T) {
	l := newLoki(t)
	l.start(t)
	s := l.sink(t)
	events := now(20)
	events[7].Args = []string{strings.Repeat("0123456789abcdef", 1<<15)} // half a megabyte: Loki's limits.max_line_size is 256 KB
	exporttest.Write(t, s, events)
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := s.Delivery(); got.Dropped != 1 || got.Written != 19 || !strings.Contains(got.LastError, "max entry size") {
		t.Errorf("delivery: %+v", got)
	}
	sinktest.Compare(t, lines(l.query(t, "security", `{service_name="nodeaudit"}`)), sinktest.Lines(t, slices.Delete(events, 7, 8)))
}
