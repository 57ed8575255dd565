package alertmanager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/alertmanager"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// notified is what an Alertmanager sends to its receiver.
type notified struct {
	Status string
	Alerts []alert
}

type alert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
}

// receiver is a webhook that Alertmanager notifies.
type receiver struct {
	mu  sync.Mutex
	got []notified
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	var n notified
	_ = json.NewDecoder(request.Body).Decode(&n)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, n)
}

// firing are the pods of which it was told.
func (r *receiver) firing() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	pods := map[string]bool{}
	for _, n := range r.got {
		for _, a := range n.Alerts {
			pods[a.Labels["pod"]] = n.Status == "firing"
		}
	}
	return pods
}

const config = `
route: {receiver: hook, group_by: [alertname, severity], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: "%s", send_resolved: false}]}]
`

// manager starts the real Alertmanager, which notifies the address.
func manager(t *testing.T, notify string) (address string) {
	t.Helper()
	if _, err := exec.LookPath("alertmanager"); err != nil {
		t.Skip("needs the servers of make receivers: alertmanager")
	}
	address = exporttest.Address(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, notify), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "alertmanager", "--config.file="+file, "--storage.path="+dir, "--web.listen-address="+address, "--cluster.listen-address=")
	exporttest.Run(t, command, func() bool {
		status, _ := get(t, "http://"+address+"/-/ready")
		return status == http.StatusOK
	})
	return "http://" + address
}

func get(t *testing.T, address string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close() //nolint:errcheck // a test
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, body
}

func options(urls ...string) alertmanager.Options {
	return alertmanager.Options{
		URLs: urls, Name: "audit {{keys}}", Severity: "critical", Labels: map[string]string{"team": "security"},
		Annotations: map[string]string{"runbook": "https://runbooks.example.com/{{type}}"}, Lasting: time.Hour,
	}
}

func open(options alertmanager.Options) exporttest.Open {
	return func(context.Context) (export.Destination, error) { return alertmanager.New(options) }
}

func write(t *testing.T, options alertmanager.Options, events []*event.Event) export.Delivery {
	t.Helper()
	s := exporttest.New(t, open(options))
	exporttest.Write(t, s, events)
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return s.Delivery()
}

// events are three of one pod, one of another, and one of the node itself.
func events() []*event.Event {
	events := sinktest.Events(5)
	events[3].Who.Pod = "cart-1"
	events[4].Who = event.Who{}
	return events
}

func TestEventsBecomeAlertsThatAreGroupedAndNotified(t *testing.T) {
	r := &receiver{}
	hook := httptest.NewServer(r)
	defer hook.Close()
	address := manager(t, hook.URL)
	for range 2 { // the same again is the same alert
		if d := write(t, options(address), events()); d.Written != 5 {
			t.Errorf("delivery %+v", d)
		}
	}
	_, body := get(t, address+"/api/v2/alerts")
	var alerts []alert
	if err := json.Unmarshal(body, &alerts); err != nil || len(alerts) != 3 {
		t.Fatalf("%d alerts (%v): %s", len(alerts), err, body)
	}
	pods := map[string]alert{}
	for _, a := range alerts {
		pods[a.Labels["pod"]] = a
	}
	got := pods["cart-0"]
	want := map[string]string{
		"alertname": "audit exec", "severity": "critical", "team": "security", "node": "node-1", "namespace": "shop", "pod": "cart-0", "key": "exec",
	}
	if diff := cmp.Diff(want, got.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	last := strings.TrimSpace(string(sinktest.Lines(t, events()[2:3])))
	notes := map[string]string{
		"summary": "exec: SYSCALL on node node-1 in pod shop/cart-0", "event": last, "events": "3", "time": "2023-11-14T22:13:20.002Z",
		"runbook": "https://runbooks.example.com/SYSCALL",
	}
	if diff := cmp.Diff(notes, got.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if _, there := pods[""].Labels["namespace"]; there || pods[""].Labels["node"] != "node-1" {
		t.Errorf("labels of the node's own event: %v", pods[""].Labels)
	}
	// An alert that began before group_wait is told at once: those that arrive with it may come with the next notification of the group.
	all := map[string]bool{"cart-0": true, "cart-1": true, "": true}
	exporttest.Eventually(t, func() string { return fmt.Sprint(r.firing()) }, func() bool { return maps.Equal(r.firing(), all) })
}

func TestAnEventThatWaitedForDaysIsAnAlertNow(t *testing.T) {
	address := manager(t, "http://127.0.0.1:1")
	ahead := sinktest.Events(1)
	ahead[0].Time, ahead[0].Keys = time.Now().Add(48*time.Hour), []string{"clock"}
	write(t, options(address), append(sinktest.Events(1), ahead...)) // the first is years old
	_, body := get(t, address+"/api/v2/alerts?active=true")
	var alerts []alert
	if err := json.Unmarshal(body, &alerts); err != nil || len(alerts) != 2 {
		t.Fatalf("%v: %s", err, body)
	}
	for _, a := range alerts {
		if left := time.Until(a.EndsAt); left < 50*time.Minute || left > time.Hour {
			t.Errorf("%s ends in %s", a.Labels["alertname"], left)
		}
	}
}

func TestWhatAlertmanagerRefusesIsGivenUpAlone(t *testing.T) {
	address := manager(t, "http://127.0.0.1:1")
	o := options(address)
	o.Name = "{{type}}" // an alert needs a label at least, and has others; a name of a label must be one
	o.Labels = map[string]string{"type": "{{type}}"}
	bad := o
	bad.Labels = map[string]string{"": "no name"}
	d := write(t, bad, sinktest.Events(2))
	if d.Dropped != 2 || !strings.Contains(d.LastError, "400") {
		t.Errorf("delivery %+v", d)
	}
	if d := write(t, o, sinktest.Events(2)); d.Written != 2 || d.Dropped != 0 {
		t.Errorf("delivery %+v", d)
	}
}

func TestOneAlertmanagerOfTwoIsEnough(t *testing.T) {
	address := manager(t, "http://127.0.0.1:1")
	if d := write(t, options("http://127.0.0.1:1", address), events()); d.Written != 5 || d.Retries != 0 {
		t.Errorf("delivery %+v", d)
	}
	s := exporttest.New(t, open(options("http://127.0.0.1:1", "http://127.0.0.1:2")))
	exporttest.Write(t, s, events())
	exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return s.Delivery().Retries > 1 })
	if d := s.Delivery(); d.Queued != 5 || !strings.Contains(d.LastError, "nobody listens there") {
		t.Errorf("delivery %+v", d)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestATemplateThatNamesNothingIsTold(t *testing.T) {
	o := options("http://127.0.0.1:1")
	o.Annotations = map[string]string{"who": "{{user}}"}
	if _, err := alertmanager.New(o); err == nil || !strings.Contains(err.Error(), "alertmanager.annotations.who: {{user}} is none of") {
		t.Errorf("%v", err)
	}
}
