package session_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/session"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func item(id, subresource, query, stage string, more string) string {
	return fmt.Sprintf(`{"level":"Metadata","auditID":%q,"stage":%q,"requestURI":"/api/v1/namespaces/shop/pods/web-0/%s?%s","verb":"create","user":{"username":"alice","groups":["dev"]},`+
		`"sourceIPs":["192.0.2.7"],"userAgent":"kubectl","objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":%q},%s`+
		`"requestReceivedTimestamp":%q,"stageTimestamp":%q}`, id, stage, subresource, query, subresource, more,
		noon.Format(time.RFC3339Nano), noon.Add(time.Second).Format(time.RFC3339Nano))
}

func list(items ...string) string {
	return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + strings.Join(items, ",") + "]}\n"
}

func TestReadListTakesSessionsAndNothingElse(t *testing.T) {
	text := list(
		item("r", "exec", "command=sh", "RequestReceived", ""),
		item("a", "exec", "command=/bin/sh&command=-c&command=s3cret&container=app&stdin=true", "ResponseStarted", `"responseStatus":{"code":101},`),
		item("p", "portforward", "", "ResponseStarted", ""),
		item("l", "log", "", "ResponseComplete", ""),
		`{"auditID":"n","stage":"ResponseComplete","verb":"create","objectRef":{"resource":"secrets"},"requestObject":{"data":{"a":"b"}}}`,
		`{"auditID":7}`, `{"requestReceivedTimestamp":"yesterday"}`, `"text"`,
		item("d", "ephemeralcontainers", "", "ResponseComplete", `"requestObject":{"spec":{"ephemeralContainers":[{"name":"debugger"}]}},`),
		item("f", "exec", "command=sh", "ResponseComplete", `"responseStatus":{"code":403},`),
	)
	var got []*session.Session
	skipped, err := session.ReadList(strings.NewReader(text), func(s *session.Session) { got = append(got, s) })
	if err != nil || skipped != 3 || len(got) != 3 {
		t.Fatalf("%d sessions, %d skipped, %v; want 3, 3", len(got), skipped, err)
	}
	if s := got[0]; s.Comm != "sh" || !s.Ran(session.CommandOf([]string{"/bin/sh", "-c", "s3cret"})) || s.Ran(session.CommandOf([]string{"/bin/sh", "-cs3cret"})) || !s.Typed || s.Containers[0] != "app" || !s.Begin.Equal(noon) || !s.End.IsZero() {
		t.Errorf("exec is %+v", s)
	}
	if s := got[1]; s.Via != session.Debug || !cmp.Equal(s.Containers, []string{"debugger"}) || s.End.IsZero() {
		t.Errorf("debug is %+v", s)
	}
	if !got[2].Refused || got[2].Fits(noon) {
		t.Errorf("one that was refused is %+v", got[2])
	}
	var d session.Document
	d.Add(got[0])
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"s3cret", "192.0.2.7", "kubectl", `"dev"`} {
		if strings.Contains(data[session.DocumentKey], secret) {
			t.Errorf("the document tells %s: %s", secret, data)
		}
	}
}

func TestReadListRefusesWhatIsNoList(t *testing.T) {
	for _, text := range []string{"", "x", "[]", "7", "{", `{"items":{}}`, `{"items":[{]}`, `{"items":[{}`, `{"items":[]`, `{"items":null}`, list()[:20]} {
		if _, err := session.ReadList(strings.NewReader(text), func(*session.Session) { t.Error("a session") }); err == nil || !strings.Contains(err.Error(), "EventList") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func exec(id string, begin time.Time) *session.Session {
	return &session.Session{AuditID: id, Via: session.Exec, User: "alice", Namespace: "shop", Pod: "web-0", Begin: begin}
}

func TestADocumentIsBounded(t *testing.T) {
	var d session.Document
	for i := range session.MaxSessions + 10 {
		d.Add(exec(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Second)))
	}
	now := noon.Add(time.Hour)
	d.Trim(now)
	if len(d.Sessions) != session.MaxSessions || d.Sessions[0].AuditID != "10" || !d.Lost.Equal(noon.Add(9*time.Second)) {
		t.Errorf("%d sessions from %s, lost %s", len(d.Sessions), d.Sessions[0].AuditID, d.Lost)
	}
	for i := range d.Sessions {
		d.Sessions[i].User = strings.Repeat("\x01", 512) // six bytes each as JSON
	}
	d.Trim(now)
	data, err := d.Encode()
	if err != nil || len(data[session.DocumentKey]) > session.MaxBytes+4096 || len(d.Sessions) == 0 {
		t.Errorf("%d bytes, %d sessions, %v", len(data[session.DocumentKey]), len(d.Sessions), err)
	}
	if last := d.Sessions[len(d.Sessions)-1]; last.AuditID != fmt.Sprint(session.MaxSessions+9) {
		t.Errorf("the last is %s", last.AuditID)
	}
	d.Trim(now.Add(2 * session.MaxAge))
	if !d.Empty() {
		t.Errorf("%d sessions are left for ever, lost %s", len(d.Sessions), d.Lost)
	}
}

func TestWhatADocumentKeeps(t *testing.T) {
	ended := exec("x", noon)
	ended.End = noon.Add(time.Second)
	debug := exec("x", noon)
	debug.Via, debug.End = session.Debug, noon.Add(time.Second)
	long := exec("x", noon)
	long.User = strings.Repeat("u", 513)
	for _, test := range []struct {
		name string
		s    *session.Session
		at   time.Duration
		want bool
	}{
		{"one that is open", exec("x", noon), 11 * time.Hour, true},
		{"one that has ended", ended, 4 * time.Minute, true},
		{"one that ended long ago", ended, 6 * time.Minute, false},
		{"a container that was added", debug, 11 * time.Hour, true},
		{"an old one", exec("x", noon), 13 * time.Hour, false},
		{"one of the future", exec("x", noon.Add(time.Hour)), 0, false},
		{"a name that is too long", long, 0, false},
		{"nobody's", &session.Session{AuditID: "x", Via: session.Exec, Namespace: "shop", Pod: "web-0", Begin: noon}, 0, false},
		{"no id", exec("", noon), 0, false},
	} {
		var d session.Document
		d.Add(test.s)
		if d.Trim(noon.Add(test.at)); d.Empty() == test.want {
			t.Errorf("%s: kept is %t", test.name, !d.Empty())
		}
	}
}

func TestADocumentComesBackAsItWas(t *testing.T) {
	d := session.Document{Node: "n1"}
	d.Add(exec("a", noon))
	later := exec("a", noon)
	later.End = noon.Add(time.Second)
	d.Add(later)
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := session.Decode(data, noon.Add(time.Minute))
	if diff := cmp.Diff(d, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for name, text := range map[string]string{"no JSON": "x", "a later version": `{"version":2}`, "too much": `"` + strings.Repeat("x", 2<<20) + `"`} {
		if _, err := session.Decode(map[string]string{session.DocumentKey: text}, noon); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte(list(item("a", "exec", "command=sh&container=app", "ResponseStarted", ""))))
	f.Add([]byte(list(item("d", "ephemeralcontainers", "", "ResponseComplete", `"requestObject":{"spec":{"ephemeralContainers":[{"name":"d"}]}},`))))
	f.Add([]byte(`{"items":[{"auditID":"x","objectRef":{"resource":"pods","subresource":"exec"},"requestURI":"%zz"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := session.Document{Node: "n1"}
		_, _ = session.ReadList(strings.NewReader(string(text)), func(s *session.Session) {
			if s.Fits(noon) {
				d.Add(s)
			}
		})
		d.Trim(noon)
		data, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := session.Decode(data, noon)
		if err != nil || len(again.Sessions) != len(d.Sessions) {
			t.Errorf("%d sessions are %d again, %v", len(d.Sessions), len(again.Sessions), err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"version":1,"node":"n1","sessions":[{"auditID":"a","via":"exec","user":"u","namespace":"n","pod":"p","begin":"2026-11-21T12:00:00Z"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := session.Decode(map[string]string{session.DocumentKey: text}, noon)
		if err != nil {
			return
		}
		if len(d.Sessions) > session.MaxSessions {
			t.Errorf("%d sessions", len(d.Sessions))
		}
		if _, err := json.Marshal(d); err != nil {
			t.Error(err)
		}
	})
}
