package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// fromOutside is the event of a process that came into a container.
func fromOutside(pid uint32, key string, began time.Time, args ...string) *event.Event {
	return &event.Event{
		Time: began, Node: "node", Type: "SYSCALL", Keys: []string{key}, Call: event.Call{Syscall: "execve"},
		Process: event.Process{PID: event.NewID(pid), Comm: args[0], Args: args},
		Who: event.Who{
			Confidence: event.ConfidenceExact, Namespace: "shop", Pod: "web-0", PodUID: "u", Container: "app", Entered: true, Start: event.MomentOf(began),
		},
	}
}

// actorsIn are type and actor of the lines of a file.
func actorsIn(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range bytes.Lines(text) {
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == event.TypeAccount || e.Type == "NODEAUDIT_CHECKPOINT" {
			continue
		}
		words := e.Type + " " + e.PID.String()
		if a := e.Who.Actor; a != nil {
			words += " " + a.User + " " + string(a.Confidence)
		}
		list = append(list, words)
	}
	return list
}

func TestASessionIsToldWhereItsEventsWent(t *testing.T) {
	p := road(t, Options{Actors: true})
	p.Configure([]v1alpha1.Route{to("a", "one"), to("b", "one", "two"), {Name: "p/drop", Match: v1alpha1.RouteMatch{Keys: []string{"none"}}, Drop: true}},
		[]nodeconfig.Sink{fileSink("one", "one.log", 2), fileSink("two", "two.log", 2)})
	began := time.Now().Add(time.Second).Truncate(time.Millisecond)
	p.deliver(fromOutside(200, "a", began, "sh"))
	p.deliver(fromOutside(300, "b", began, "ls"))
	p.deliver(fromOutside(400, "none", began, "sh"))
	sessions := session.Document{Node: "node"}
	for id, command := range map[string][]string{"alice": {"sh"}, "bob": {"ls"}} {
		sessions.Add(opened(id, began.Add(-time.Second), command))
	}
	p.LearnSessions(sessions)
	p.LearnSessions(sessions)
	p.deliver(fromOutside(200, "b", began, "sh"))
	p.sinks.stopAll()
	got := map[string][]string{}
	for _, name := range []string{"one.log", "two.log"} {
		got[name] = actorsIn(t, filepath.Join(p.options.LogDir, name))
	}
	want := map[string][]string{
		"one.log": {"SYSCALL 200", "SYSCALL 300", "NODEAUDIT_ACTOR 200 alice high", "NODEAUDIT_ACTOR 300 bob high", "SYSCALL 200 alice high"},
		"two.log": {"SYSCALL 300", "NODEAUDIT_ACTOR 300 bob high", "SYSCALL 200 alice high"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func opened(user string, begin time.Time, command []string) *session.Session {
	return &session.Session{
		AuditID: "id-" + user, Via: session.Exec, User: user, Namespace: "shop", Pod: "web-0", Containers: []string{"app"}, Begin: begin,
		Comm: command[0], Command: session.CommandOf(command).In("id-" + user),
	}
}

func TestWithoutSessionsNothingIsJoined(t *testing.T) {
	p := road(t, Options{})
	began := time.Now().Add(time.Second)
	p.LearnSessions(session.Document{Sessions: []session.Session{*opened("alice", began, []string{"sh"})}})
	p.deliver(fromOutside(200, "a", began, "sh"))
	p.sinks.stopAll()
	if diff := cmp.Diff([]string{"SYSCALL 200"}, actorsIn(t, filepath.Join(p.options.LogDir, "audit.log"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
