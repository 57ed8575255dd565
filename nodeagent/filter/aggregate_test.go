package filter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func aggregating(interval time.Duration, by ...v1alpha1.AggregateBy) *Shaper {
	return NewShaper(v1alpha1.Route{Name: "p/r", Aggregate: &v1alpha1.Aggregate{Interval: every(interval), By: by}})
}

func TestTheFirstGoesAtOnceAndTheOthersAreCounted(t *testing.T) {
	s := aggregating(10 * time.Second)
	var out told
	passed := 0
	for i := range 25 {
		e := typical()
		e.Serial, e.Time = uint32(100+i), seconds(float64(i))
		if s.Pass(e, seconds(float64(i))) {
			passed++
		}
		s.Due(seconds(float64(i)), out.tell)
	}
	s.Flush(seconds(30), out.tell)
	if passed != 3 || s.Counts().Aggregated != 22 {
		t.Errorf("%d went through, counts %+v", passed, s.Counts())
	}
	at := func(n int) string { return fmt.Sprintf("2026-11-21T09:00:%02d.000Z", n) }
	want := []map[string]string{
		{"count": "10", "serial": "100", "first": at(0), "last": at(10)},
		{"count": "10", "serial": "111", "first": at(11), "last": at(21)},
		{"count": "2", "serial": "122", "first": at(22), "last": at(24)},
	}
	for _, facts := range want {
		facts["type"], facts["route"], facts["of"] = Repeated, "p/r", "SYSCALL"
	}
	if diff := cmp.Diff(want, out.facts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEventsAreAlikeInWhatIsAskedFor(t *testing.T) {
	changes := map[v1alpha1.AggregateBy]func(*event.Event){
		v1alpha1.AggregateByType:       func(e *event.Event) { e.Type = "x" },
		v1alpha1.AggregateByKeys:       func(e *event.Event) { e.Keys = []string{"exec", "x"} },
		v1alpha1.AggregateBySyscall:    func(e *event.Event) { e.Syscall = "x" },
		v1alpha1.AggregateByResult:     func(e *event.Event) { e.Result = event.ResultFailure },
		v1alpha1.AggregateByExecutable: func(e *event.Event) { e.Exe = "x" },
		v1alpha1.AggregateByArguments:  func(e *event.Event) { e.Args = []string{"touch/tmp/x"} },
		v1alpha1.AggregateByUser:       func(e *event.Event) { e.UID = event.ID{} },
		v1alpha1.AggregateByLoginUser:  func(e *event.Event) { e.AUID = event.NewID(0) },
		v1alpha1.AggregateByPaths:      func(e *event.Event) { e.Paths = e.Paths[:1] },
		v1alpha1.AggregateByNamespace:  func(e *event.Event) { e.Who.Namespace = "x" },
		v1alpha1.AggregateByPod:        func(e *event.Event) { e.Who.PodUID = "x" },
		v1alpha1.AggregateByContainer:  func(e *event.Event) { e.Who.ContainerID = "x" },
	}
	for by := range changes {
		s := aggregating(time.Minute, by)
		s.Pass(typical(), start)
		for changed, change := range changes {
			e := typical()
			change(e)
			if got := s.Pass(e, start); got != (changed == by) {
				t.Errorf("by %s, with another %s: goes through is %v", by, changed, got)
			}
		}
	}
}

func TestASummarySaysOnlyWhatIsTrueOfAll(t *testing.T) {
	s := aggregating(time.Minute, v1alpha1.AggregateByKeys, v1alpha1.AggregateByNamespace)
	s.Pass(typical(), start)
	e := typical()
	e.PID, e.Exe, e.Who.Pod = event.NewID(9), "/bin/sh", "db"
	s.Pass(e, start)
	var out told
	s.Flush(seconds(1), out.tell)
	want := &event.Event{Type: Repeated, Time: seconds(1), Keys: []string{"exec"}, Who: event.Who{Confidence: event.ConfidenceExact, Namespace: "shop"}}
	got := *out[0]
	got.Fields, got.Records = nil, nil
	if diff := cmp.Diff(want, &got, cmp.AllowUnexported(event.ID{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhenThereIsNoRoomEventsGoThrough(t *testing.T) {
	s := aggregating(time.Minute, v1alpha1.AggregateByExecutable)
	for round := range 2 {
		for i := range maxGroups + 50 {
			passed := s.Pass(&event.Event{Process: event.Process{Exe: fmt.Sprint(i)}}, start)
			if want := round == 0 || i >= maxGroups; passed != want {
				t.Fatalf("round %d, program %d: goes through is %v", round, i, passed)
			}
		}
	}
	var out told
	s.Due(seconds(61), out.tell)
	if len(out) != maxGroups || len(s.aggregate.groups)+len(s.aggregate.order) != 0 {
		t.Errorf("%d summaries, %d groups are kept", len(out), len(s.aggregate.groups))
	}
}

func TestOwnEventsHaveARecordOfTheirOwn(t *testing.T) {
	e := newEvent(Throttled, seconds(0.25), []pair{{"route", "p/r"}, {"by", "Key"}, {"value", `a "b" c=1`}, {"count", "7"}, {"none", ""}})
	want := `audit(1795251600.250:0): route="p/r" by="Key" value=612022622220633D31 count=7`
	if got := e.Records[0]; got.Data != want || got.TypeName != Throttled || got.Type != throttledNumber {
		t.Errorf("%+v\nwant %s", got, want)
	}
	if field(e, "value") != `a "b" c=1` || len(e.Fields) != 4 {
		t.Errorf("fields %v", e.Fields)
	}
	line, err := event.AppendLine(nil, e)
	if err != nil || !strings.Contains(string(line), `"who":{"confidence":"none"}`) {
		t.Errorf("%s, %v", line, err)
	}
}
