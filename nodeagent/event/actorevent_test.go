package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestActorEvent(t *testing.T) {
	of := &event.Event{Node: "n1", Process: event.Process{PID: event.NewID(200), Comm: "sh"}, Who: event.Who{
		Confidence: event.ConfidenceExact, Namespace: "shop", Pod: "web-0", Container: "app", Entered: true, Start: 1795273200500,
		Actor: &event.Actor{Confidence: event.ActorHigh, Session: event.Session{Via: "exec", User: "alice x=1", ImpersonatedBy: "bob", AuditID: "0a-b1"}},
	}}
	e := event.ActorEvent(of, time.UnixMilli(1795273202005))
	line, err := event.AppendLine(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema(t), line); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	want := `{"time":"2026-11-21T15:00:02.005Z","serial":0,"node":"n1","type":"NODEAUDIT_ACTOR","who":{"confidence":"exact","namespace":"shop","pod":"web-0","container":"app","entered":true,` +
		`"actor":{"confidence":"high","via":"exec","user":"alice x=1","impersonatedBy":"bob","auditID":"0a-b1"},"start":"2026-11-21T15:00:00.500Z"},"pid":200,"comm":"sh",` +
		`"records":[{"type":"NODEAUDIT_ACTOR","data":"audit(1795273202.005:0): pid=200 start=2026-11-21T15:00:00.500Z namespace=shop pod=web-0 container=app confidence=high via=exec ` +
		`user=616C69636520783D31 impersonatedBy=626F62 auditID=0a-b1"}]}` + "\n"
	if diff := cmp.Diff(want, string(line)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var again event.Event
	if err := json.Unmarshal(line, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(of.Who, again.Who); diff != "" {
		t.Errorf("who (-want +got):\n%s", diff)
	}
	of.Who.Actor = &event.Actor{Confidence: event.ActorLow, Candidates: []event.Session{{Via: "exec", User: "a", AuditID: "1"}, {Via: "debug", User: "b", AuditID: "x y"}}}
	want = "audit(1795273202.005:0): pid=200 start=2026-11-21T15:00:00.500Z namespace=shop pod=web-0 container=app confidence=low via=exec user=61 auditID=1 via=debug user=62 auditID=782079"
	if got := event.ActorEvent(of, time.UnixMilli(1795273202005)).Records[0].Data; got != want {
		t.Errorf("candidates are\n%s\nwant\n%s", got, want)
	}
}
