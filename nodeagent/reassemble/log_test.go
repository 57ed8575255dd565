package reassemble_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

// at returns a record of a log at a number of milliseconds after its beginning.
func at(kind uint16, serial uint32, milliseconds int) event.Record {
	return event.Record{Type: kind, Data: fmt.Sprintf("audit(%d.%03d:%d): ", 1700000000+milliseconds/1000, milliseconds%1000, serial)}
}

func TestOfALogTheTimesInItTellWhatHasWaited(t *testing.T) {
	const timeout = int(reassemble.LogTimeout / time.Millisecond)
	tests := []struct {
		name    string
		records []event.Record
		want    []string // at once
		closed  []string // at the end
	}{
		{
			"an event without an end waits until a record is later than its timeout",
			[]event.Record{at(syscallType, 1, 0), at(userLogin, 2, timeout-1), at(userLogin, 3, timeout)},
			[]string{"1: 1300", "2: 1112", "3: 1112"},
			nil,
		},
		{
			"it waits while records are of its time",
			[]event.Record{at(syscallType, 1, 0), at(userLogin, 2, timeout-1)},
			nil,
			[]string{"1: 1300", "2: 1112"},
		},
		{
			"a call that took long is written at its end with the time of its beginning, and ends no other",
			[]event.Record{
				at(syscallType, 1, 60000), at(syscallType, 2, 0), at(pathType, 1, 60000), at(pathType, 2, 0), at(eoe, 1, 60000), at(eoe, 2, 0),
			},
			[]string{"1: 1300 1302", "2: 1300 1302"},
			nil,
		},
		{
			"after a new boot serials begin again",
			[]event.Record{at(syscallType, 80000, 0), at(pathType, 80000, 0), at(configChange, 1, 90000), at(syscallType, 2, 90000), at(eoe, 2, 90000)},
			[]string{"80000: 1300 1302"},
			[]string{"1: 1305", "2: 1300"},
		},
		{
			"a clock that was set back loses nothing",
			[]event.Record{at(syscallType, 1, 90000), at(syscallType, 2, 0), at(eoe, 2, 0), at(userLogin, 3, 1)},
			nil,
			[]string{"1: 1300", "2: 1300", "3: 1112"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			r := reassemble.NewLog(func(group event.Group) { got = append(got, show(group)) })
			for _, record := range test.records {
				r.Push(record)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("at once (-want +got):\n%s", diff)
			}
			if !r.Deadline().IsZero() {
				t.Errorf("Deadline = %v, want none: the log's own time counts", r.Deadline())
			}
			got = nil
			r.Close()
			if diff := cmp.Diff(test.closed, got); diff != "" {
				t.Errorf("at the end (-want +got):\n%s", diff)
			}
			if r.Gaps() != 0 {
				t.Errorf("Gaps = %d, want 0: what is not in a log need not be lost", r.Gaps())
			}
		})
	}
}

func TestARecordOfALogWithoutAHeaderHasTheTimeOfTheOneBefore(t *testing.T) {
	var got []time.Time
	r := reassemble.NewLog(func(group event.Group) { got = append(got, group.Time) })
	r.Push(at(userLogin, 1, 7))
	r.Push(event.Record{Type: userLogin, Data: "nonsense"})
	want := time.UnixMilli(1700000000007).UTC()
	if diff := cmp.Diff([]time.Time{want, want}, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestAnEventDoesNotWaitForeverWhereTheClockOfALogWasSetBack(t *testing.T) {
	var got []string
	r := reassemble.NewLog(func(group event.Group) { got = append(got, show(group)) })
	r.Push(at(syscallType, 1, 900000))
	r.Push(at(syscallType, 2, 0))
	for serial := uint32(3); len(got) == 0 && serial < 100000; serial++ {
		r.Push(at(pathType, 2, 0))
	}
	if len(got) == 0 || got[0] != "1: 1300" {
		t.Errorf("%d groups came", len(got))
	}
}
