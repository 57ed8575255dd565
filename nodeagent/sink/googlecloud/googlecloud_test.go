package googlecloud_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/googlecloud"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type entry struct {
	Timestamp time.Time
	InsertID  string `json:"insertId"`
	Resource  struct {
		Type   string
		Labels map[string]string
	}
	Labels map[string]string
	JSON   json.RawMessage `json:"jsonPayload"`
	Text   string          `json:"textPayload"`
}

// service gives tokens and takes entries as Google's reference of entries.write has it. The service itself was not at hand.
type service struct {
	mu      sync.Mutex
	tokens  int
	expired int  // the number of a token that is not taken any more
	revoked bool // the rights of the account
	gone    bool // the service account
	fail    []int
	most    int // bytes of one entry
	log     string
	ids     map[string]bool
	got     []entry
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/token" && s.gone:
		answer(w, http.StatusBadRequest, `{"error":"invalid_grant","error_description":"Invalid grant: account not found"}`)
	case r.URL.Path == "/token":
		s.tokens++
		answer(w, http.StatusOK, fmt.Sprintf(`{"access_token":"token-%d-of-a-test","expires_in":3600,"token_type":"Bearer"}`, s.tokens))
	case r.URL.Path != "/v2/entries:write":
		answer(w, http.StatusNotFound, "")
	case s.expired == s.tokens:
		answer(w, http.StatusUnauthorized, `{"error":{"code":401,"message":"invalid credentials","status":"UNAUTHENTICATED"}}`)
	case s.revoked || r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d-of-a-test", s.tokens):
		answer(w, http.StatusForbidden, fmt.Sprintf(`{"error":{"code":403,"message":"no permission with %s","status":"PERMISSION_DENIED"}}`, r.Header.Get("Authorization")))
	case len(s.fail) > 0:
		answer(w, s.fail[0], `{"error":{"message":"of a test"}}`)
		s.fail = s.fail[1:]
	default:
		s.take(w, r)
	}
}

func (s *service) take(w http.ResponseWriter, r *http.Request) {
	var call struct {
		LogName        string `json:"logName"`
		PartialSuccess bool   `json:"partialSuccess"`
		Entries        []entry
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil || !call.PartialSuccess {
		answer(w, http.StatusBadRequest, `{"error":{"message":"not understood"}}`)
		return
	}
	s.log = call.LogName
	refused := map[string]any{}
	for i, e := range call.Entries {
		if s.most > 0 && len(e.JSON) > s.most {
			refused[fmt.Sprint(i)] = map[string]any{"code": 3, "message": "Log entry is too large"}
			continue
		}
		if !s.ids[e.InsertID] || e.InsertID == "" {
			s.got = append(s.got, e)
		}
		s.ids[e.InsertID] = true
	}
	if len(refused) == 0 {
		answer(w, http.StatusOK, "{}")
		return
	}
	text, _ := json.Marshal(map[string]any{"error": map[string]any{"code": 400, "message": "Log entry errors", "status": "INVALID_ARGUMENT", "details": []any{
		map[string]any{"@type": "type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors", "logEntryErrors": refused},
	}}})
	answer(w, http.StatusBadRequest, string(text))
}

func answer(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

func (s *service) lines() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines bytes.Buffer
	for _, e := range s.got {
		lines.Write(e.JSON)
		lines.WriteByte('\n')
	}
	return lines.Bytes()
}

func start(t *testing.T, s *service) string {
	t.Helper()
	s.ids = map[string]bool{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

// account is the file of a service account, whose tokens come from the address.
func account(t *testing.T, address string) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "private_key_id": "key-1", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": "audit@project.iam.gserviceaccount.com", "token_uri": address + "/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func open(t *testing.T, address string) exporttest.Open {
	t.Helper()
	file := account(t, address)
	return func(context.Context) (export.Destination, error) {
		return googlecloud.New(googlecloud.Options{
			Project: "my-project", Log: "node/audit", Location: "europe-west3", Cluster: "shop", Endpoint: address, Credentials: file,
		})
	}
}

func deliver(t *testing.T, s *service, events []*event.Event) export.Delivery {
	t.Helper()
	sink := exporttest.New(t, open(t, start(t, s)))
	exporttest.Write(t, sink, events)
	exporttest.Delivered(t, sink)
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	return sink.Delivery()
}

func TestEverythingArrivesInOrder(t *testing.T) {
	s := &service{}
	events := sinktest.Events(2000)
	deliver(t, s, events)
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, events))
}

func TestAnEntrySpeaksOfItsContainerOrItsNode(t *testing.T) {
	s := &service{}
	events := sinktest.Events(2)
	events[1].Who = event.Who{}
	deliver(t, s, events)
	if s.log != "projects/my-project/logs/node%2Faudit" {
		t.Errorf("log %s", s.log)
	}
	first, second := s.got[0], s.got[1]
	if first.InsertID != "node-1-1700000000.000:0" || first.Timestamp.UnixMilli() != 1_700_000_000_000 || first.Labels["keys"] != "exec" {
		t.Errorf("%+v", first)
	}
	cluster := map[string]string{"project_id": "my-project", "location": "europe-west3", "cluster_name": "shop"}
	with := func(more map[string]string) map[string]string {
		maps.Copy(more, cluster)
		return more
	}
	if diff := cmp.Diff(with(map[string]string{"namespace_name": "shop", "pod_name": "cart-0", "container_name": "cart"}), first.Resource.Labels); diff != "" || first.Resource.Type != "k8s_container" {
		t.Errorf("%s (-want +got):\n%s", first.Resource.Type, diff)
	}
	if diff := cmp.Diff(with(map[string]string{"node_name": "node-1"}), second.Resource.Labels); diff != "" || second.Resource.Type != "k8s_node" {
		t.Errorf("%s (-want +got):\n%s", second.Resource.Type, diff)
	}
}

func TestAnEntryThatIsRefusedTakesNoOtherWithIt(t *testing.T) {
	s := &service{most: 10_000}
	events := sinktest.Events(9)
	events[4].Args = []string{strings.Repeat("x", 20_000)}
	d := deliver(t, s, events)
	if d.Written != 8 || d.Dropped != 1 || !strings.Contains(d.LastError, "1 events were given up: the service refuses an entry: Log entry is too large") {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, append(events[:4:4], events[5:]...)))
}

func TestWhatPassesOrAPersonMendsLosesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		change, mend func(*service)
		want         string
	}{
		"the service is busy":          {func(s *service) { s.fail = []int{503, 429} }, func(*service) {}, "of a test"},
		"the account may not write":    {func(s *service) { s.revoked = true }, func(s *service) { s.revoked = false }, "no permission with Bearer [secret]"},
		"a token ends before its time": {func(s *service) { s.expired = 1 }, func(*service) {}, "invalid credentials"},
		"the account is not there":     {func(s *service) { s.gone = true }, func(s *service) { s.gone = false }, "see whether the service account is there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			test.change(s)
			sink := exporttest.New(t, open(t, start(t, s)))
			exporttest.Write(t, sink, sinktest.Events(5))
			told := exporttest.Told(t, sink, test.want)
			s.mu.Lock()
			test.mend(s)
			s.mu.Unlock()
			exporttest.Delivered(t, sink)
			if err := sink.Close(); err != nil {
				t.Error(err)
			}
			if d := sink.Delivery(); d.Written != 5 || d.Dropped != 0 || strings.Contains(told, "of-a-test") {
				t.Errorf("%s, delivery %+v", told, d)
			}
			sinktest.Compare(t, s.lines(), sinktest.Lines(t, sinktest.Events(5)))
		})
	}
}

func TestAFileThatIsNoAccountIsNotQuoted(t *testing.T) {
	_, err := googlecloud.New(googlecloud.Options{Project: "p", Credentials: []byte(`{"type": "swordfish"}`)})
	if err == nil || strings.Contains(err.Error(), "swordfish") || !strings.Contains(err.Error(), "credentialsSecretRef") {
		t.Errorf("%v", err)
	}
}
