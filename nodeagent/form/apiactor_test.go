package form

import (
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestEveryFormTellsWhoHadAProcessStarted(t *testing.T) {
	sure := &event.Event{Node: "worker-1", Process: event.Process{PID: event.NewID(200), Comm: "sh"}, Who: inPod}
	sure.Who.Actor = &event.Actor{Confidence: event.ActorHigh, Session: event.Session{Via: "exec", User: "alice", AuditID: "0a1b"}}
	unsure := &event.Event{Node: "worker-1", Process: sure.Process, Who: inPod}
	unsure.Who.Actor = &event.Actor{Confidence: event.ActorLow, Candidates: []event.Session{{Via: "exec", User: "alice", AuditID: "0a1b"}, {Via: "exec", User: "bob", AuditID: "2c3d"}}}
	now := time.UnixMilli(1795251949500)
	for form, want := range map[string][2]string{
		"native": {`"actor":{"confidence":"high","via":"exec","user":"alice","auditID":"0a1b"}`, `"candidates":[{"via":"exec","user":"alice","auditID":"0a1b"},{"via":"exec","user":"bob","auditID":"2c3d"}]`},
		"ecs":    {`"actor":{"confidence":"high","via":"exec","user":"alice","auditID":"0a1b"}`, `"candidates":[{"via":"exec","user":"alice","auditID":"0a1b"},{"via":"exec","user":"bob","auditID":"2c3d"}]`},
		"ocsf":   {`"actor":{"confidence":"high","via":"exec","user":"alice","auditID":"0a1b"}`, `"candidates":[{"via":"exec","user":"alice","auditID":"0a1b"},{"via":"exec","user":"bob","auditID":"2c3d"}]`},
		"otlp":   {`{"key":"audit.actor.user","value":{"stringValue":"alice"}}`, `{"key":"audit.actor.candidates","value":{"arrayValue":{"values":[{"stringValue":"alice"},{"stringValue":"bob"}]}}}`},
		"text":   {`actor=alice actorVia=exec actorAuditID=0a1b actorConfidence=high`, `actorCandidate=alice actorCandidate=bob actorConfidence=low`},
		"raw":    {`type=UNKNOWN[2996] msg=audit(1795251949.500:0): pid=200`, `confidence=low via=exec user=616C696365 auditID=0a1b via=exec user=626F62 auditID=2c3d`},
	} {
		for i, of := range []*event.Event{sure, unsure} {
			if line := string(lines(t, form, []*event.Event{event.ActorEvent(of, now)})); !strings.Contains(line, want[i]) {
				t.Errorf("%s lacks %s:\n%s", form, want[i], line)
			}
		}
	}
}
