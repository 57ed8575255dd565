package apiaudit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// document is what a controller makes of an audit log.
func document(t *testing.T, now time.Time, logs ...string) session.Document {
	t.Helper()
	d := session.Document{Node: "n1"}
	for _, log := range logs {
		items := strings.Join(strings.Split(strings.TrimSpace(log), "\n"), ",")
		if _, err := session.ReadList(strings.NewReader(`{"items":[`+items+"]}"), d.Add); err != nil {
			t.Fatal(err)
		}
	}
	d.Trim(now)
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	d, err = session.Decode(data, now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func told(live *apiaudit.Live, e *event.Event) string {
	live.Join(e)
	return short(e.Who.Actor)
}

func news(live *apiaudit.Live, d session.Document) []string {
	var list []string
	for _, p := range live.Learn(d) {
		e := p.Event(noon)
		list = append(list, fmt.Sprintf("%s of %s at %s in %s", short(e.Who.Actor), e.PID.String(), e.Who.Start.Time().Format("15:04:05"), e.Who.Container))
	}
	return list
}

func TestASessionThatBecomesKnownLaterIsToldOnce(t *testing.T) {
	live := apiaudit.NewLive(noon.Add(-time.Hour))
	first := entered(time.Second, "sh", "-c", "id")
	if got := told(live, first); got != "" {
		t.Errorf("before anything is known it is %q", got)
	}
	started := stage("a1", "alice", "exec", sh, "ResponseStarted", 50*time.Millisecond, `"responseStatus":{"code":101},`)
	known := document(t, noon.Add(2*time.Second), started)
	if diff := cmp.Diff([]string{"high alice of 200 at 12:00:01 in app"}, news(live, known)); diff != "" {
		t.Errorf("when it becomes known (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), news(live, known)); diff != "" {
		t.Errorf("again (-want +got):\n%s", diff)
	}
	if got := told(live, below(first, "sh")); got != "high alice" {
		t.Errorf("what descends from it is %q", got)
	}
	if diff := cmp.Diff([]string(nil), news(live, document(t, noon.Add(20*time.Minute), opened("a1", "alice", sh, 10*time.Second)))); diff != "" {
		t.Errorf("when it is over (-want +got):\n%s", diff)
	}
	if got := told(live, below(first, "sh")); got != "high alice" {
		t.Errorf("what is left of it after its end is %q", got)
	}
}

func TestAProcessOfAKnownSessionNeedsNoEventOfItsOwn(t *testing.T) {
	live := apiaudit.NewLive(noon.Add(-time.Hour))
	known := document(t, noon.Add(time.Second), opened("a1", "alice", sh, time.Hour))
	live.Learn(known)
	if got := told(live, entered(time.Second, "sh", "-c", "id")); got != "high alice" {
		t.Errorf("it is %q", got)
	}
	if diff := cmp.Diff([]string(nil), news(live, known)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASecondSessionTakesCertaintyAwayForGood(t *testing.T) {
	live := apiaudit.NewLive(noon.Add(-time.Hour))
	e := entered(time.Second, "sh", "-c", "id")
	live.Join(e)
	alice, bob := opened("a1", "alice", sh, time.Minute), opened("b1", "bob", sh, time.Hour)
	live.Learn(document(t, noon.Add(2*time.Minute), alice))
	both := document(t, noon.Add(2*time.Minute), alice, bob)
	if diff := cmp.Diff([]string{"low ? alice bob of 200 at 12:00:01 in app"}, news(live, both)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	left := document(t, noon.Add(30*time.Minute), alice, bob) // alice's is over
	if len(left.Sessions) != 1 {
		t.Fatalf("%d sessions are left", len(left.Sessions))
	}
	if got := news(live, left); got != nil {
		t.Errorf("when the one is forgotten: %s", got)
	}
	if got := told(live, below(e, "sh")); got != "low ? alice bob" {
		t.Errorf("it is %q then", got)
	}
}

// Both run the same, and one is known a second before the other: the other's process is at no time taken for the first one's.
func TestASessionThatIsNotKnownYetIsNotTakenForAnother(t *testing.T) {
	live := apiaudit.NewLive(noon.Add(-time.Hour))
	hers, his := entered(time.Second, "sh", "-c", "id"), as(300, entered(5*time.Second, "sh", "-c", "id"))
	live.Join(hers)
	live.Join(his)
	alice, bob := opened("a1", "alice", sh, time.Hour), later("b1", "bob", sh, 5*time.Second)
	for i := range 2 {
		want := [][]string{
			{"high alice of 200 at 12:00:01 in app", "low alice of 300 at 12:00:05 in app"},
			{"low ? alice bob of 300 at 12:00:05 in app"},
		}[i]
		if diff := cmp.Diff(want, news(live, document(t, noon.Add(time.Minute), []string{alice, bob}[:i+1]...))); diff != "" {
			t.Errorf("when %d of the sessions are known (-want +got):\n%s", i+1, diff)
		}
	}
}

func TestWhatIsNotKnownWholeIsNeverSure(t *testing.T) {
	e := func() *event.Event { return entered(time.Second, "sh", "-c", "id") }
	known := document(t, noon.Add(time.Minute), opened("a1", "alice", sh, time.Hour))
	late := apiaudit.NewLive(noon.Add(time.Minute))
	late.Learn(known)
	if got := told(late, e()); got != "low alice" {
		t.Errorf("a process from before the agent is %q", got)
	}
	known.Lost = noon.Add(-20 * time.Second)
	lossy := apiaudit.NewLive(noon.Add(-time.Hour))
	lossy.Learn(known)
	if got := told(lossy, e()); got != "low alice" {
		t.Errorf("where a session was lost shortly before it is %q", got)
	}
	known.Lost = noon.Add(-time.Minute)
	lossy.Learn(known)
	if got := told(lossy, e()); got != "high alice" {
		t.Errorf("where a session was lost long before it is %q", got)
	}
}

func TestALiveRemembersNotEverything(t *testing.T) {
	live := apiaudit.NewLive(noon.Add(-time.Hour))
	for i := range uint32(5000) {
		e := entered(time.Second, "sh", "-c", "id")
		e.PID = event.NewID(1000 + i)
		live.Join(e).Went([]string{"siem", "siem"})
	}
	found := live.Learn(document(t, noon.Add(2*time.Second), opened("a1", "alice", sh, time.Hour)))
	if len(found) != 2048 {
		t.Errorf("%d processes are remembered", len(found))
	}
	if diff := cmp.Diff([]string{"siem"}, found[0].Sinks()); diff != "" {
		t.Errorf("sinks (-want +got):\n%s", diff)
	}
}

func TestAProcessIDThatIsUsedAgainIsAnotherProcess(t *testing.T) {
	live := apiaudit.NewLive(noon.Add(-time.Hour))
	live.Learn(document(t, noon.Add(time.Minute), opened("a1", "alice", sh, time.Hour)))
	live.Join(entered(time.Second, "sh", "-c", "id"))
	if got := told(live, entered(5*time.Minute, "sh", "-c", "id")); got != "" {
		t.Errorf("a later process with its number is %q", got)
	}
}

func FuzzLearn(f *testing.F) {
	f.Add(`{"version":1,"node":"n1","sessions":[{"auditID":"a","via":"exec","user":"u","namespace":"shop","pod":"web-0","begin":"2026-11-21T12:00:00Z"}]}`)
	f.Add(`{"sessions":[{"auditID":"a","via":"debug","user":"u","namespace":"shop","pod":"web-0","containers":["app"],"begin":"2026-11-21T12:00:00Z"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := session.Decode(map[string]string{session.DocumentKey: text}, noon)
		if err != nil {
			return
		}
		live := apiaudit.NewLive(noon.Add(-time.Hour))
		live.Join(entered(time.Second, "sh", "-c", "id"))
		for _, p := range live.Learn(d) {
			e := p.Event(noon)
			if a := e.Who.Actor; a == nil || len(a.Candidates) == 1 || (len(a.Candidates) == 0 && a.User == "") {
				t.Errorf("an event says %+v", a)
			}
			if _, err := event.AppendLine(nil, e); err != nil {
				t.Error(err)
			}
		}
	})
}
