package splunk_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/splunk"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type entry struct {
	Time       json.Number
	Host       string
	Source     string
	Sourcetype string
	Index      string
	Event      json.RawMessage
	Fields     map[string]string
}

// collector answers as Splunk's documentation says that its HTTP Event Collector does. No Splunk was at hand.
type collector struct {
	mu      sync.Mutex
	acks    bool
	slow    int    // questions for an acknowledgement that are answered with no
	refuse  string // an index that there is not
	got     []entry
	batches int
	asked   int
	header  http.Header
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header = r.Header
	switch {
	case r.Header.Get("Authorization") != "Splunk token-of-a-test":
		reply(w, http.StatusForbidden, `{"text":"Invalid token","code":4}`)
	case r.URL.Path == "/services/collector/ack":
		c.asked++
		reply(w, http.StatusOK, fmt.Sprintf(`{"acks":{"%d":%t}}`, c.batches, c.asked > c.slow))
	case r.URL.Path != "/services/collector/event":
		reply(w, http.StatusNotFound, `{"text":"The requested URL was not found on this server.","code":404}`)
	case c.acks && r.Header.Get("X-Splunk-Request-Channel") == "":
		reply(w, http.StatusBadRequest, `{"text":"Data channel is missing","code":10}`)
	default:
		c.take(w, r)
	}
}

func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	var batch []entry
	for decoder := json.NewDecoder(body); ; {
		var e entry
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil || len(e.Event) == 0 {
			reply(w, http.StatusBadRequest, `{"text":"Invalid data format","code":6,"invalid-event-number":0}`)
			return
		}
		if c.refuse != "" && e.Index == c.refuse {
			reply(w, http.StatusBadRequest, `{"text":"Incorrect index","code":7,"invalid-event-number":0}`)
			return
		}
		batch = append(batch, e)
	}
	c.got = append(c.got, batch...)
	c.batches++
	if c.acks {
		reply(w, http.StatusOK, fmt.Sprintf(`{"text":"Success","code":0,"ackId":%d}`, c.batches))
		return
	}
	reply(w, http.StatusOK, `{"text":"Success","code":0}`)
}

func reply(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

func (c *collector) lines() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines bytes.Buffer
	for _, e := range c.got {
		lines.Write(e.Event)
		lines.WriteByte('\n')
	}
	return lines.Bytes()
}

func start(t *testing.T, c *collector) string {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return server.URL
}

func open(options splunk.Options) exporttest.Open {
	return func(context.Context) (export.Destination, error) { return splunk.New(options) }
}

func TestContract(t *testing.T) {
	for name, test := range map[string]struct{ acks, compress bool }{
		"plain": {}, "packed": {compress: true}, "with acknowledgements of indexers": {acks: true},
	} {
		t.Run(name, func(t *testing.T) {
			exporttest.Contract(t, func(t *testing.T) (exporttest.Open, func() []byte) {
				c := &collector{acks: test.acks}
				return open(splunk.Options{URL: start(t, c), Token: "token-of-a-test", Web: web.Options{Compress: test.compress}}), c.lines
			})
		})
	}
}

func TestAnEventHasItsPlaceAndItsFields(t *testing.T) {
	c := &collector{}
	s := exporttest.New(t, open(splunk.Options{
		URL: start(t, c), Token: "token-of-a-test", Index: "audit", Source: "nodeaudit", Sourcetype: "nodeaudit:event", Tag: "{{namespace}}/{{pod}}@{{node}}",
	}))
	events := sinktest.Events(1)
	events[0].Who.Labels = map[string]string{"app.kubernetes.io/name": "cart", "other": "not asked for"}
	exporttest.Write(t, s, events)
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	got := c.got[0]
	got.Event = nil
	want := entry{
		Time: "1700000000.000", Host: "node-1", Source: "nodeaudit", Sourcetype: "nodeaudit:event", Index: "audit",
		Fields: map[string]string{
			"serial": "0", "type": "SYSCALL", "keys": "exec", "result": "success", "namespace": "shop", "pod": "cart-0", "container": "cart",
			"tag": "shop/cart-0@node-1", "label.app.kubernetes.io/name": "cart",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestABatchCountsWhenAnIndexerHasIt(t *testing.T) {
	c := &collector{acks: true, slow: 2}
	s := exporttest.New(t, open(splunk.Options{URL: start(t, c), Token: "token-of-a-test"}))
	exporttest.Write(t, s, sinktest.Events(3))
	exporttest.Eventually(t, func() string { return "no question" }, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.asked > 0 })
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if c.asked != 3 || len(c.got) != 3 {
		t.Errorf("asked %d times, %d events", c.asked, len(c.got))
	}
}

// What a person can mend throws nothing away.
func TestAWrongTokenOrIndexLosesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		collector *collector
		token     string
		want      string
	}{
		"the token is wrong":     {&collector{}, "wrong-token", `answers 403 Forbidden: {"text":"Invalid token","code":4}`},
		"the index is not there": {&collector{refuse: "audit"}, "token-of-a-test", `"Incorrect index"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := exporttest.New(t, open(splunk.Options{URL: start(t, test.collector), Token: test.token, Index: "audit"}))
			exporttest.Write(t, s, sinktest.Events(3))
			exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return s.Delivery().Retries > 2 })
			if d := s.Delivery(); d.Dropped != 0 || d.Queued != 3 || !strings.Contains(d.LastError, test.want) {
				t.Errorf("delivery %+v", d)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
