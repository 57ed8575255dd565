package reassemble_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

// Numbers of record types, include/uapi/linux/audit.h.
const (
	login        = 1006
	userLogin    = 1112
	configChange = 1305
	syscallType  = 1300
	pathType     = 1302
	eoe          = 1320
	proctitle    = 1327
)

// record returns a record of an event; its text says which it is.
func record(kind uint16, serial uint32, text string) event.Record {
	return event.Record{Type: kind, Data: fmt.Sprintf("audit(1700000000.002:%d): %s", serial, text)}
}

// road is a Reassembler and what came out of it, each group as a text of its serial and its records.
type road struct {
	*reassemble.Reassembler

	got []string
}

func open() *road {
	r := &road{}
	r.Reassembler = reassemble.New(func(group event.Group) { r.got = append(r.got, show(group)) })
	return r
}

func show(group event.Group) string {
	text := fmt.Sprint(group.Serial, ":")
	for _, record := range group.Records {
		text += fmt.Sprint(" ", record.Type)
	}
	return text
}

// take returns what came out since it was called last.
func (r *road) take() []string {
	got := r.got
	r.got = nil
	return got
}

func (r *road) want(t *testing.T, when string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.take()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

func TestReassemble(t *testing.T) {
	call := func(serial uint32) event.Record { return record(syscallType, serial, "") }
	tests := []struct {
		name    string
		records []event.Record
		want    []string // at once
		expired []string // after Timeout
	}{
		{
			"a login is the kernel's, with the call that set it",
			[]event.Record{record(login, 1, ""), call(1), record(proctitle, 1, "")},
			[]string{"1: 1006 1300 1327"},
			nil,
		},
		{
			"a login without its call comes later",
			[]event.Record{record(login, 1, "")},
			nil,
			[]string{"1: 1006"},
		},
		{
			"the end marks a group complete, and is not in it",
			[]event.Record{call(1), record(pathType, 1, ""), record(eoe, 1, "")},
			[]string{"1: 1300 1302"},
			nil,
		},
		{
			"the command line is a call's last record",
			[]event.Record{call(1), record(proctitle, 1, "")},
			[]string{"1: 1300 1327"},
			nil,
		},
		{
			"records of two events may be mixed",
			[]event.Record{call(1), call(2), record(pathType, 2, ""), record(pathType, 1, ""), record(eoe, 1, ""), record(eoe, 2, "")},
			[]string{"1: 1300 1302", "2: 1300 1302"},
			nil,
		},
		{
			"an event that is complete waits for the one before it",
			[]event.Record{call(1), call(2), record(eoe, 2, "")},
			nil,
			[]string{"1: 1300", "2: 1300"},
		},
		{
			"a record of user space has no companions",
			[]event.Record{record(userLogin, 1, "")},
			[]string{"1: 1112"},
			nil,
		},
		{
			"a change of the configuration may have companions, so it waits",
			[]event.Record{record(configChange, 1, "")},
			nil,
			[]string{"1: 1305"},
		},
		{
			"an event that never ends gives what came",
			[]event.Record{call(1), record(pathType, 1, "")},
			nil,
			[]string{"1: 1300 1302"},
		},
		{
			"a record that comes after the end of its event is a group with the same serial",
			[]event.Record{call(1), record(eoe, 1, ""), record(pathType, 1, "")},
			[]string{"1: 1300"},
			[]string{"1: 1302"},
		},
		{
			"an end without a beginning is nothing",
			[]event.Record{record(eoe, 1, "")},
			nil, nil,
		},
		{
			"serials start again after the last",
			[]event.Record{call(1<<32 - 1), call(0), record(eoe, 0, ""), record(eoe, 1<<32-1, "")},
			[]string{"4294967295: 1300", "0: 1300"},
			nil,
		},
		{
			"a packet that a filter reports has no companions",
			[]event.Record{record(1324, 1, ""), record(2000, 2, "")},
			[]string{"1: 1324", "2: 2000"},
			nil,
		},
		{
			"a record that comes twice is there twice, an end that comes twice is nothing",
			[]event.Record{call(1), record(pathType, 1, "x"), record(pathType, 1, "x"), record(eoe, 1, ""), record(eoe, 1, "")},
			[]string{"1: 1300 1302 1302"},
			nil,
		},
		{
			"the same serial at another time is another event",
			[]event.Record{call(7), {Type: pathType, Data: "audit(1600000000.002:7): "}, record(eoe, 7, "")},
			[]string{"7: 1300"},
			[]string{"7: 1302"},
		},
		{
			"a record without a header that can be read is a group of its own",
			[]event.Record{call(1), {Type: syscallType, Data: "nonsense"}, {Type: eoe, Data: ""}, record(eoe, 1, "")},
			[]string{"0: 1300", "0: 1320", "1: 1300"},
			nil,
		},
		{
			"a time that no calendar has is such a header",
			[]event.Record{{Type: syscallType, Data: "audit(999999999999.000:1): "}, {Type: syscallType, Data: "audit(-999999999999.000:1): "}},
			[]string{"0: 1300", "0: 1300"},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := open()
				for _, record := range test.records {
					r.Push(record)
				}
				r.want(t, "at once", test.want...)
				if waits := !r.Deadline().IsZero(); waits != (test.expired != nil) {
					t.Errorf("Deadline = %v, but what waits is %v", r.Deadline(), test.expired)
				}
				if test.expired != nil {
					time.Sleep(time.Until(r.Deadline()))
					r.Expire()
				}
				r.want(t, "after Timeout", test.expired...)
				if !r.Deadline().IsZero() {
					t.Errorf("Deadline = %v although nothing waits", r.Deadline())
				}
				r.Close()
				r.want(t, "after Close")
			})
		})
	}
}

func TestAGroupHasTheKernelsTimeAndTheRecordsAsTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []event.Group
		r := reassemble.New(func(group event.Group) {
			group.Records = slices.Clone(group.Records)
			got = append(got, group)
		})
		time.Sleep(1234567 * time.Nanosecond)
		whole := event.Record{Type: userLogin, Data: "  audit(1700000000.002:7): msg='a=\xff'\x1d \n"}
		broken := event.Record{Type: userLogin, Data: "audit(\xff "}
		r.Push(whole)
		r.Push(broken)
		r.Close()
		want := []event.Group{
			{Time: time.UnixMilli(1700000000002).UTC(), Serial: 7, Records: []event.Record{whole}},
			{Time: time.Now().Truncate(time.Millisecond).UTC(), Records: []event.Record{broken}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
	})
}

func TestCloseGivesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open()
		for serial := range uint32(3) {
			r.Push(record(syscallType, serial+1, ""))
		}
		r.want(t, "before Close")
		r.Close()
		r.want(t, "after Close", "1: 1300", "2: 1300", "3: 1300")
		if !r.Deadline().IsZero() {
			t.Errorf("Deadline = %v after Close, want none", r.Deadline())
		}
	})
}

func TestAFloodGivesTheOldestOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const inFlight, flood = 1024, 3000
		r := open()
		for serial := range uint32(flood) {
			r.Push(record(syscallType, serial+1, ""))
		}
		got := r.take()
		if len(got) != flood-inFlight || got[0] != "1: 1300" || got[len(got)-1] != fmt.Sprintf("%d: 1300", flood-inFlight) {
			t.Errorf("%d groups came out at once, from %q to %q, want all but the last %d in order", len(got), got[0], got[len(got)-1], inFlight)
		}
		r.Close()
		if got := r.take(); len(got) != inFlight {
			t.Errorf("%d groups came out of Close, want %d", len(got), inFlight)
		}
	})
}
