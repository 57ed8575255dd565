package webhook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/webhook"
)

// receiver keeps what is posted. answers are given first, one for each request; after them everything is taken.
type receiver struct {
	mu       sync.Mutex
	answers  []answer
	told     <-chan struct{} // the first good answer waits for it, unless it is nil
	bodies   [][]byte
	requests []*http.Request
}

type answer struct {
	status int
	header http.Header
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var reader io.Reader = request.Body
	if request.Header.Get("Content-Encoding") == "gzip" {
		packed, err := gzip.NewReader(reader)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		reader = packed
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	if len(r.answers) > 0 {
		next := r.answers[0]
		r.answers = r.answers[1:]
		maps.Copy(w.Header(), next.header)
		w.WriteHeader(next.status)
		_, _ = w.Write([]byte("no, because of " + http.StatusText(next.status)))
		return
	}
	if r.told != nil {
		<-r.told
	}
	r.bodies = append(r.bodies, body)
}

func (r *receiver) got() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Join(r.bodies, nil)
}

func (r *receiver) seen() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func open(options webhook.Options) exporttest.Open {
	return func(context.Context) (export.Destination, error) { return webhook.New(options) }
}

func TestContract(t *testing.T) {
	for name, compress := range map[string]bool{"plain": false, "packed": true} {
		t.Run(name, func(t *testing.T) {
			exporttest.Contract(t, func(t *testing.T) (exporttest.Open, func() []byte) {
				r := &receiver{}
				server := httptest.NewServer(r)
				t.Cleanup(server.Close)
				return open(webhook.Options{URL: server.URL, Web: web.Options{Compress: compress}}), r.got
			})
		})
	}
}

func TestAnArrayIsOneJSONDocument(t *testing.T) {
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	s := exporttest.New(t, open(webhook.Options{URL: server.URL, Body: webhook.Array}))
	exporttest.Write(t, s, sinktest.Events(3))
	exporttest.Delivered(t, s)
	var list []struct{ Serial uint32 }
	if err := json.Unmarshal(r.got(), &list); err != nil || len(list) != 3 || list[2].Serial != 2 {
		t.Errorf("posted %q: %v", r.got(), err)
	}
	if got := r.seen()[0].Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestATemplateMakesOneRequestForEachEvent(t *testing.T) {
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	text := `{"text":"{{type}} on {{node}} in {{namespace}}/{{pod}}","keys":{{json keys}},"event":{{event}}}`
	s := exporttest.New(t, open(webhook.Options{URL: server.URL, Body: webhook.Template, Template: text}))
	exporttest.Write(t, s, sinktest.Events(2))
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if len(r.seen()) != 2 {
		t.Fatalf("%d requests", len(r.seen()))
	}
	var got struct {
		Text, Keys string
		Event      struct{ Serial uint32 }
	}
	if err := json.Unmarshal(r.bodies[1], &got); err != nil || got.Text != "SYSCALL on node-1 in shop/cart-0" || got.Keys != "exec" || got.Event.Serial != 1 {
		t.Errorf("posted %s: %+v, %v", r.bodies[1], got, err)
	}
}

func TestATemplateThatCannotBeIsToldAtOnce(t *testing.T) {
	if _, err := webhook.New(webhook.Options{Body: webhook.Template, Template: "{{x}}"}); err == nil || !strings.Contains(err.Error(), "webhook.template") {
		t.Errorf("the error is %v", err)
	}
}

func TestAnswersOfTheServer(t *testing.T) {
	for name, test := range map[string]struct {
		answers  []answer
		tells    string
		dropped  int64
		requests int // at least
	}{
		"a server that is in trouble is asked again":                      {answers: []answer{{status: 500}, {status: 502}, {status: 503}}, tells: "503 Service Unavailable", requests: 4},
		"one that asks for patience gets it":                              {answers: []answer{{status: 429, header: http.Header{"Retry-After": {"1"}}}}, tells: "429 Too Many Requests", requests: 2},
		"wrong credentials lose nothing: somebody mends them":             {answers: []answer{{status: 401}, {status: 403}}, tells: "credentials", requests: 3},
		"a wrong address loses nothing either":                            {answers: []answer{{status: 404}, {status: 405}}, tells: "see whether the address is right", requests: 3},
		"a redirect is not followed, for credentials would go with it":    {answers: []answer{{status: 302, header: http.Header{"Location": {"http://192.0.2.1/"}}}}, tells: "302 Found", requests: 2},
		"what is too large is halved":                                     {answers: []answer{{status: 413}}, requests: 3},
		"what is not understood is given up alone":                        {answers: []answer{{status: 400}, {status: 400}, {status: 400}, {status: 400}}, dropped: 1, tells: "given up", requests: 5},
		"a server that hangs up without an answer gets everything later":  {answers: nil, requests: 1},
		"a status that means nothing here is no reason to throw away":     {answers: []answer{{status: 418}, {status: 501}}, tells: "501 Not Implemented", requests: 3},
		"a request that took too long is asked again, as its status says": {answers: []answer{{status: 408}}, tells: "408 Request Timeout", requests: 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{answers: test.answers}
			heard := make(chan struct{})
			if test.tells != "" && test.dropped == 0 { // an error that is tried again is told until that has worked
				r.told = heard
			}
			server := httptest.NewServer(r)
			defer server.Close()
			s := exporttest.New(t, open(webhook.Options{URL: server.URL}))
			told := ""
			tell := sync.OnceFunc(func() { close(heard) })
			defer tell()
			exporttest.Write(t, s, sinktest.Events(8))
			exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool {
				if d := s.Delivery(); d.LastError != "" {
					told = d.LastError
				}
				if strings.Contains(told, test.tells) {
					tell()
				}
				return s.Delivery().Queued == 0
			})
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if d := s.Delivery(); d.Dropped != test.dropped || d.Written != 8-test.dropped || !strings.Contains(told, test.tells) || len(r.seen()) < test.requests {
				t.Errorf("%d requests, %+v, told %q", len(r.seen()), d, told)
			}
			if n := int64(bytes.Count(r.got(), []byte("\n"))); n != 8-test.dropped {
				t.Errorf("%d events arrived", n)
			}
		})
	}
}

func TestTLSAndCredentials(t *testing.T) {
	authority := dialtest.NewAuthority(t)
	r := &receiver{}
	server := httptest.NewUnstartedServer(r)
	server.TLS = authority.Server(t, "127.0.0.1", time.Hour, authority)
	server.StartTLS()
	defer server.Close()
	cert, key := authority.Sign(t, "node-1", time.Hour)
	s := exporttest.New(t, open(webhook.Options{URL: server.URL, Web: web.Options{
		TLS: dial.TLS{CA: authority.PEM, Cert: cert, Key: key}, Username: "audit", Password: "swordfish", Header: http.Header{"X-Team": {"security"}},
	}}))
	exporttest.Write(t, s, sinktest.Events(1))
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	request := r.seen()[0]
	if user, password, _ := request.BasicAuth(); user != "audit" || password != "swordfish" || request.Header.Get("X-Team") != "security" {
		t.Errorf("the header is %v", request.Header)
	}
}

func TestAServerThatGoesAndComesBackGetsEverything(t *testing.T) {
	r := &receiver{}
	server := httptest.NewServer(r)
	address := server.Listener.Addr().String()
	s := exporttest.New(t, open(webhook.Options{URL: "http://" + address}))
	exporttest.Write(t, s, sinktest.Events(5))
	exporttest.Delivered(t, s)
	server.CloseClientConnections()
	server.Close()
	exporttest.Write(t, s, sinktest.Events(5))
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { return strings.Contains(s.Delivery().LastError, "nobody listens there") })
	again := httptest.NewUnstartedServer(r)
	again.Listener = listenAt(t, address)
	again.Start()
	defer again.Close()
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := bytes.Count(r.got(), []byte("\n")); n != 10 {
		t.Errorf("%d events arrived", n)
	}
}
