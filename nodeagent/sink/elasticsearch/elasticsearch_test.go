package elasticsearch_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/elasticsearch"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store answers _bulk as the documentation of Elasticsearch says. None was at hand.
type store struct {
	mu     sync.Mutex
	status map[string]int // for documents that contain the text; once for those that are not 400
	forget bool           // breaks the connection once after it has stored
	ids    map[string]bool
	docs   []string
	path   string
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.path = r.URL.Path
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	reader := bufio.NewReaderSize(body, 8<<20)
	var items []string
	failed := false
	for {
		head, err := reader.ReadString('\n')
		if err != nil {
			break
		}
		doc, _ := reader.ReadString('\n')
		var action struct {
			Create struct {
				ID string `json:"_id"`
			} `json:"create"`
		}
		if json.Unmarshal([]byte(head), &action) != nil || !json.Valid([]byte(doc)) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		status := s.one(action.Create.ID, doc)
		failed = failed || status >= 300
		items = append(items, fmt.Sprintf(`{"create":{"_id":%q,"status":%d,"error":{"type":"of_a_test","reason":"status %d"}}}`, action.Create.ID, status, status))
	}
	if s.forget {
		s.forget = false
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, `{"took":1,"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

func (s *store) one(id, doc string) int {
	for text, status := range s.status {
		if strings.Contains(doc, text) {
			if status != http.StatusBadRequest {
				delete(s.status, text)
			}
			return status
		}
	}
	if s.ids[id] {
		return http.StatusConflict
	}
	s.ids[id] = true
	s.docs = append(s.docs, doc)
	return http.StatusCreated
}

// lines are the documents without the time that was put before them.
func (s *store) lines() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines bytes.Buffer
	for _, doc := range s.docs {
		_, rest, _ := strings.Cut(doc, ",")
		lines.WriteString("{" + rest)
	}
	return lines.Bytes()
}

func start(t *testing.T, s *store) string {
	t.Helper()
	s.ids = map[string]bool{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func open(urls ...string) exporttest.Open {
	return func(context.Context) (export.Destination, error) {
		return elasticsearch.New(elasticsearch.Options{URLs: urls, Index: "logs-nodeaudit-default", Web: web.Options{Compress: true}})
	}
}

func deliver(t *testing.T, open exporttest.Open, n int) (export.Delivery, string) {
	t.Helper()
	s := exporttest.New(t, open)
	told := ""
	exporttest.Write(t, s, sinktest.Events(n))
	exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool {
		if d := s.Delivery(); d.LastError != "" {
			told = d.LastError
		}
		return s.Delivery().Queued == 0
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return s.Delivery(), told
}

// The contract sends the same events more than once, which are one document each here: hence other checks.
func TestEventsAreDocumentsWithTheirTime(t *testing.T) {
	s := &store{}
	if d, _ := deliver(t, open(start(t, s)), 500); d.Written != 500 {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, sinktest.Events(500)))
	if !strings.HasPrefix(s.docs[1], `{"@timestamp":"2023-11-14T22:13:20.001Z","time":"2023-11-14T22:13:20.001Z"`) || s.path != "/logs-nodeaudit-default/_bulk" {
		t.Errorf("%s: %.100s", s.path, s.docs[1])
	}
}

func TestAnAnswerThatIsLostDoublesNothing(t *testing.T) {
	s := &store{forget: true}
	if d, _ := deliver(t, open(start(t, s)), 100); d.Written != 100 || d.Retries == 0 {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, sinktest.Events(100)))
}

func TestDocumentsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		status  map[string]int
		want    export.Delivery
		tells   string
		missing string
	}{
		"one that the mapping refuses is given up alone": {
			map[string]int{`"serial":42,`: 400}, export.Delivery{Written: 99, Dropped: 1}, "an event was given up: status 400", `"serial":42,`,
		},
		"one that the server is too busy for comes later":         {map[string]int{`"serial":42,`: 429}, export.Delivery{Written: 100}, "status 429", ""},
		"an index that somebody has to make first loses no event": {map[string]int{`"serial":0,`: 404}, export.Delivery{Written: 100}, "status 404", ""},
		"a right that somebody has to give first loses no event":  {map[string]int{`"serial":7,`: 403}, export.Delivery{Written: 100}, "status 403", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{status: test.status}
			d, told := deliver(t, open(start(t, s)), 100)
			if d.Written != test.want.Written || d.Dropped != test.want.Dropped || !strings.Contains(told, test.tells) {
				t.Errorf("delivery %+v, told %q", d, told)
			}
			if int64(len(s.docs)) != test.want.Written || test.missing != "" && bytes.Contains(s.lines(), []byte(test.missing)) {
				t.Errorf("%d documents", len(s.docs))
			}
		})
	}
}

func TestAnotherNodeIsAskedWhenOneIsAway(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	s := &store{}
	if d, told := deliver(t, open(away.URL, start(t, s)), 10); d.Written != 10 || !strings.Contains(told, "nobody listens") {
		t.Errorf("delivery %+v, told %q", d, told)
	}
}

func TestAServerThatIsSomethingElseLosesNothing(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello")) }))
	defer other.Close()
	s := exporttest.New(t, open(other.URL))
	exporttest.Write(t, s, sinktest.Events(1))
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { return strings.Contains(s.Delivery().LastError, "none of _bulk") })
	if d := s.Delivery(); d.Queued != 1 || d.Dropped != 0 {
		t.Errorf("delivery %+v", d)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
