package apiaudit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// stage writes an event of audit.k8s.io/v1.
func stage(id, user, sub, query string, stage string, at time.Duration, more string) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":%q,"stage":%q,"requestURI":"/api/v1/namespaces/shop/pods/web-0/%s?%s",`+
		`"verb":"create","user":{"username":%q,"groups":["dev","system:authenticated"]},"sourceIPs":["192.0.2.7"],"userAgent":"kubectl/v1.37.1",`+
		`"objectRef":{"resource":"pods","namespace":"shop","name":"web-0","apiVersion":"v1","subresource":%q},%s`+
		`"requestReceivedTimestamp":%q,"stageTimestamp":%q}`+"\n", id, stage, sub, query, user, sub, more,
		noon.Format(time.RFC3339Nano), noon.Add(at).Format(time.RFC3339Nano))
}

func opened(id, user, query string, end time.Duration) string {
	return stage(id, user, "exec", query, "ResponseStarted", 50*time.Millisecond, `"responseStatus":{"code":101},`) +
		stage(id, user, "exec", query, "ResponseComplete", end, `"responseStatus":{"code":101},`)
}

// later is one that is asked for some time after noon, and goes on.
func later(id, user, query string, after time.Duration) string {
	text := stage(id, user, "exec", query, "ResponseStarted", after+50*time.Millisecond, `"responseStatus":{"code":101},`)
	return strings.ReplaceAll(text, `"requestReceivedTimestamp":"`+noon.Format(time.RFC3339Nano), `"requestReceivedTimestamp":"`+noon.Add(after).Format(time.RFC3339Nano))
}

const sh = "command=sh&command=-c&command=id&container=app&stdin=true"

// entered is an event of a process that came into the container.
func entered(start time.Duration, args ...string) *event.Event {
	began := noon.Add(start)
	e := &event.Event{Time: began, Node: "n1", Process: event.Process{PID: event.NewID(200), Comm: "runc:[2:INIT]"}, Who: event.Who{
		Confidence: event.ConfidenceExact, Namespace: "shop", Pod: "web-0", Container: "app", ContainerType: event.ContainerMain,
		Entered: true, Start: event.MomentOf(began),
	}}
	if len(args) > 0 {
		e.Syscall, e.Args, e.Comm, e.Result = "execve", args, args[0], "success"
	}
	return e
}

// as is the event of another process.
func as(pid uint32, e *event.Event) *event.Event {
	e.PID = event.NewID(pid)
	return e
}

// below is an event of a child of that process.
func below(e *event.Event, comm string) *event.Event {
	child := *e
	child.PID, child.Args, child.Syscall, child.Comm = event.NewID(201), nil, "openat", "cat"
	child.Time = e.Time.Add(time.Minute)
	// The same beginning, reckoned at another time.
	child.Who.Ancestors = []event.Ancestor{{PID: 200, Comm: comm, Start: event.MomentOf(e.Who.Start.Time().Add(30 * time.Microsecond))}}
	child.Who.Start = event.MomentOf(child.Time)
	return &child
}

func TestJoin(t *testing.T) {
	alice := opened("a1", "alice", sh, time.Hour)
	debug := func(more string) string {
		return stage("d1", "dora", "ephemeralcontainers", "", "ResponseComplete", 20*time.Millisecond, `"responseStatus":{"code":200},`+more)
	}
	ephemeral := func(name string, start time.Duration) *event.Event {
		e := entered(start, "sh")
		e.Who.ContainerType, e.Who.Container, e.Who.Entered = event.ContainerEphemeral, name, false
		return e
	}
	own := func(start time.Duration) *event.Event {
		e := below(entered(-time.Hour), "app")
		e.Who.Entered, e.Who.Start = false, event.MomentOf(noon.Add(start))
		return e
	}
	other := func(e *event.Event) *event.Event { return as(300, e) }
	for _, test := range []struct {
		name, log string
		events    []*event.Event
		want      []string // confidence and users of each event
	}{
		{"the command that was asked for", alice, []*event.Event{entered(time.Second, "sh", "-c", "id")}, []string{"high alice"}},
		{"what descends from it", alice, []*event.Event{entered(time.Second, "sh", "-c", "id"), below(entered(time.Second), "sh")}, []string{"high alice", "high alice"}},
		{"a later program of it", alice, []*event.Event{entered(time.Second, "sh", "-c", "id"), entered(time.Second, "cat")}, []string{"high alice", "high alice"}},
		{"another command, as a probe of the kubelet's", alice, []*event.Event{entered(time.Second, "/healthcheck"), below(entered(time.Second), "healthcheck")}, []string{"", ""}},
		{"no record of what it ran, and the name fits", alice, []*event.Event{below(entered(time.Second), "sh")}, []string{"medium alice"}},
		{"no record of what it ran, and another name", alice, []*event.Event{below(entered(time.Second), "vi")}, []string{"low alice"}},
		{"another container", strings.ReplaceAll(alice, "container=app", "container=db"), []*event.Event{entered(time.Second, "sh", "-c", "id")}, []string{""}},
		{"no container in the request", strings.ReplaceAll(alice, "container=app", "x=y"), []*event.Event{entered(time.Second, "sh", "-c", "id")}, []string{"high alice"}},
		{"another pod", strings.ReplaceAll(alice, `"web-0"`, `"web-1"`), []*event.Event{entered(time.Second, "sh", "-c", "id")}, []string{""}},
		{"before the session", alice, []*event.Event{entered(-time.Minute, "sh", "-c", "id")}, []string{""}},
		{"long after its beginning", alice, []*event.Event{entered(10*time.Minute, "sh", "-c", "id")}, []string{""}},
		{"after its end", opened("a1", "alice", sh, 5*time.Second), []*event.Event{entered(20*time.Second, "sh", "-c", "id")}, []string{""}},
		{"one that was refused", strings.ReplaceAll(alice, `"code":101`, `"code":403`), []*event.Event{entered(time.Second, "sh", "-c", "id")}, []string{""}},
		{
			"another process with the command, as a probe of the kubelet's that runs the same", alice,
			[]*event.Event{entered(time.Second, "sh", "-c", "id"), other(entered(5*time.Second, "sh", "-c", "id")), below(entered(time.Second), "sh")},
			[]string{"high alice", "low alice", "high alice"},
		},
		{
			"another process with the command, after that of a session that is over", opened("a1", "alice", sh, 2*time.Second) + later("b1", "bob", sh, 10*time.Second),
			[]*event.Event{entered(time.Second, "sh", "-c", "id"), other(entered(11*time.Second, "sh", "-c", "id"))},
			[]string{"high alice", "high bob"},
		},
		{
			"two at once with the same command", alice + opened("b1", "bob", sh, time.Hour),
			[]*event.Event{entered(time.Second, "sh", "-c", "id")},
			[]string{"low ? alice bob"},
		},
		{
			"two at once with other commands", alice + opened("b1", "bob", "command=ls&container=app", time.Hour),
			[]*event.Event{entered(time.Second, "sh", "-c", "id"), entered(time.Second, "sh")},
			[]string{"high alice", "high alice"},
		},
		{"a process that did not come from outside", opened("a1", "alice", "command=sh&container=app", time.Hour), []*event.Event{own(time.Second)}, []string{""}},
		{"a container that was added, by name", debug(`"requestObject":{"spec":{"ephemeralContainers":[{"name":"debugger-x"}]}},`), []*event.Event{ephemeral("debugger-x", time.Minute)}, []string{"high dora"}},
		{"a container that was added, of another name", debug(`"requestObject":{"spec":{"ephemeralContainers":[{"name":"debugger-x"}]}},`), []*event.Event{ephemeral("debugger-y", time.Minute)}, []string{""}},
		{"a container that was added, where the log has no bodies", debug(""), []*event.Event{ephemeral("debugger-x", time.Minute)}, []string{"low dora"}},
		{"somebody who is attached and can type", stage("t1", "tim", "attach", "container=app&stdin=true", "ResponseStarted", 0, ""), []*event.Event{own(time.Minute)}, []string{"low tim"}},
		{"somebody who only looks on", stage("t1", "tim", "attach", "container=app", "ResponseStarted", 0, ""), []*event.Event{own(time.Minute)}, []string{""}},
		{"an impersonated user", strings.ReplaceAll(alice, `"sourceIPs"`, `"impersonatedUser":{"username":"carol"},"sourceIPs"`), []*event.Event{entered(time.Second, "sh", "-c", "id")}, []string{"high carol by alice"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log session.Log
			if skipped, err := log.Read(strings.NewReader(test.log)); err != nil || skipped != 0 {
				t.Fatalf("%d lines skipped, %v", skipped, err)
			}
			join := apiaudit.NewJoiner(&log)
			var got []string
			for _, e := range test.events {
				join.Join(e)
				got = append(got, short(e.Who.Actor))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func short(a *event.Actor) string {
	if a == nil {
		return ""
	}
	words := []string{string(a.Confidence), a.User}
	if a.ImpersonatedBy != "" {
		words = append(words, "by", a.ImpersonatedBy)
	}
	if len(a.Candidates) > 0 {
		words[1] = "?"
	}
	for _, c := range a.Candidates {
		words = append(words, c.User)
	}
	return strings.Join(words, " ")
}

func TestTheActorHasWhatTheRequestTells(t *testing.T) {
	var log session.Log
	// As a webhook backend sends it.
	lines := strings.Split(strings.TrimSpace(opened("a1", "alice", sh, time.Hour)), "\n")
	list := `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + strings.Join(lines, ",") + "]}\n\nno JSON\n"
	if skipped, err := log.Read(strings.NewReader(list)); err != nil || skipped != 1 {
		t.Fatalf("%d lines skipped, %v", skipped, err)
	}
	e := entered(time.Second, "sh", "-c", "id")
	apiaudit.NewJoiner(&log).Join(e)
	want := &event.Actor{Confidence: event.ActorHigh, Session: event.Session{
		Via: "exec", User: "alice", Groups: []string{"dev", "system:authenticated"}, SourceIPs: []string{"192.0.2.7"}, UserAgent: "kubectl/v1.37.1", AuditID: "a1",
	}}
	if diff := cmp.Diff(want, e.Who.Actor); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	line, err := event.AppendLine(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	var again event.Event
	if err := json.Unmarshal(line, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.Who.Actor); diff != "" {
		t.Errorf("as JSON (-want +got):\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(opened("a1", "alice", sh, time.Hour)))
	f.Add([]byte(`{"kind":"EventList","items":[{"kind":"Event","auditID":"x","objectRef":{"resource":"pods","subresource":"exec"},"requestURI":"%zz"}]}`))
	f.Add([]byte(stage("d1", "dora", "ephemeralcontainers", "", "ResponseComplete", 0, `"requestObject":{"spec":{"ephemeralContainers":[{"name":"d"}]}},`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		var log session.Log
		if _, err := log.Read(bytes.NewReader(text)); err != nil {
			return
		}
		e := entered(time.Second, "sh", "-c", "id")
		apiaudit.NewJoiner(&log).Join(e)
		if a := e.Who.Actor; a != nil && len(a.Candidates) == 1 {
			t.Errorf("one candidate is none: %+v", a)
		}
	})
}
