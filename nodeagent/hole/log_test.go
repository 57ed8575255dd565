package hole

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// native writes a log of the native form, a second a line.
type native struct {
	b    strings.Builder
	now  time.Time
	boot string
}

func newNative() *native { return &native{now: time.Unix(1_700_000_000, 0), boot: "b1"} }

func (l *native) add(e *event.Event) *native {
	l.now = l.now.Add(time.Second)
	e.Time = l.now
	line, err := event.AppendLine(nil, e)
	if err != nil {
		panic(err)
	}
	l.b.Write(line)
	return l
}

func (l *native) events(serials ...uint32) *native {
	for _, serial := range serials {
		l.add(&event.Event{Serial: serial, Node: "n", Type: "SYSCALL", Who: event.Who{Confidence: event.ConfidenceNone}})
	}
	return l
}

func (l *native) account(at event.AccountAt, after, to uint32, received, kept, dropped int64) *native {
	a := event.Account{At: at, Boot: l.boot, After: after, To: to, Received: received, Kept: kept, Dropped: dropped}
	return l.add(a.Event("n", l.now))
}

func (l *native) lost(hole event.Hole) *native { return l.add(hole.Event("n", l.now)) }

func (l *native) reboot() *native { l.boot += "+"; return l }

const (
	begin = event.AccountBegin
	due   = event.AccountDue
	end   = event.AccountEnd
)

func TestHolesAreExplainedByCountedLossOrReported(t *testing.T) {
	const longArgument = "a line that is too long to be looked at"
	for name, test := range map[string]struct {
		log  *native
		want []string // kind, lines and what is said, without times
	}{
		"nothing is missing": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 6, 7).account(end, 4, 7, 3, 3, 0), nil,
		},
		"a line that nobody has counted": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 7).account(end, 4, 7, 3, 3, 0),
			[]string{"unexplained 2-3 serial 6: neither here nor counted as lost or left out"},
		},
		"the first lines and the last": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(7, 8).account(end, 4, 10, 6, 6, 0),
			[]string{
				"unexplained 2-2 serials 5 to 6: neither here nor counted as lost or left out",
				"unexplained 3-4 serials 9 to 10: neither here nor counted as lost or left out",
			},
		},
		"serials that never came, and were counted": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).lost(event.Hole{Where: event.LossGap, Count: 2, Before: 5, After: 8}).account(end, 4, 8, 2, 2, 0),
			nil,
		},
		"serials that never came, and were counted behind the account": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).account(end, 4, 8, 2, 2, 0).account(begin, 8, 8, 0, 0, 0).
				lost(event.Hole{Where: event.LossGap, Count: 2, Before: 5, After: 8}).events(9).account(end, 8, 9, 1, 1, 0),
			nil,
		},
		"serials that never came, and nobody counted": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).account(end, 4, 8, 2, 2, 0),
			[]string{"unexplained 2-3 serials 6 to 7: neither here nor counted as lost or left out"},
		},
		"fewer were counted than are missing": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 12).lost(event.Hole{Where: event.LossGap, Count: 2, Before: 5, After: 8}).account(end, 4, 12, 2, 2, 0),
			[]string{"unexplained 2-5 4 of serials 5 to 12: neither here nor counted as lost or left out"},
		},
		"one of two holes was counted": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 7, 9).lost(event.Hole{Where: event.LossGap, Count: 1, Before: 5, After: 7}).account(end, 4, 9, 3, 3, 0),
			[]string{"unexplained 3-4 serial 8: neither here nor counted as lost or left out"},
		},
		"a loss of other serials explains nothing": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).lost(event.Hole{Where: event.LossGap, Count: 2, Before: 25, After: 28}).account(end, 4, 8, 2, 2, 0),
			[]string{"unexplained 2-3 serials 6 to 7: neither here nor counted as lost or left out"},
		},
		"a loss on another boot explains nothing": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).lost(event.Hole{Where: event.LossGap, Count: 2, Before: 5, After: 8}).account(end, 4, 8, 2, 2, 0).
				reboot().account(begin, 4, 4, 0, 0, 0).events(5, 8).account(end, 4, 8, 2, 2, 0).
				reboot().account(begin, 4, 4, 0, 0, 0).events(5, 8).account(end, 4, 8, 2, 2, 0),
			[]string{
				"unexplained 7-8 serials 6 to 7: neither here nor counted as lost or left out",
				"unexplained 11-12 serials 6 to 7: neither here nor counted as lost or left out",
			},
		},
		"what routes left out": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 9).account(end, 4, 9, 5, 2, 0), nil,
		},
		"less than routes left": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 9).account(end, 4, 9, 5, 3, 0),
			[]string{"unexplained 2-4 1 of serials 5 to 9: neither here nor counted as lost or left out"},
		},
		"what found the queue full": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 9).account(end, 4, 9, 5, 5, 3), nil,
		},
		"what the sink gave up": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 9).lost(event.Hole{Where: event.LossSink, Count: 3, Sink: "File audit.log"}).account(end, 4, 9, 5, 5, 0), nil,
		},
		"more than the sink gave up": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 9).lost(event.Hole{Where: event.LossSink, Count: 2, Sink: "File audit.log"}).account(end, 4, 9, 5, 5, 0),
			[]string{"unexplained 2-5 1 of serials 5 to 9: neither here nor counted as lost or left out"},
		},
		"an event in two lines counts once": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 5, 7).account(end, 4, 7, 3, 3, 0),
			[]string{"unexplained 2-4 serial 6: neither here nor counted as lost or left out"},
		},
		"an event that is behind its account is late": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).account(due, 4, 8, 2, 2, 0).events(9, 6, 7).account(end, 8, 9, 1, 1, 0), nil,
		},
		"serials that begin again": {
			newNative().account(begin, 4294967290, 4294967290, 0, 0, 0).events(4294967291, 4294967292, 4294967295, 1, 2, 4).account(end, 4294967290, 4, 9, 9, 0),
			[]string{
				"unexplained 3-4 serials 4294967293 to 4294967294: neither here nor counted as lost or left out",
				"unexplained 6-7 serial 3: neither here nor counted as lost or left out",
			},
		},
		"an agent that was restarted": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5).account(end, 4, 5, 1, 1, 0).account(begin, 9, 9, 0, 0, 0).events(10).account(end, 9, 10, 1, 1, 0),
			[]string{"away 4-4 serials 6 to 9: no agent was reading"},
		},
		"an agent that ended suddenly": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).account(begin, 9, 9, 0, 0, 0).events(10).account(end, 9, 10, 1, 1, 0),
			[]string{"sudden 2-4 serials 5 to 8: the agent ended suddenly and has not accounted for them; 2 are not here", "away 4-4 serial 9: no agent was reading"},
		},
		"another boot": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5, 8).reboot().account(begin, 90, 90, 0, 0, 0).events(91).account(end, 90, 91, 1, 1, 0), nil,
		},
		"an account that is missing": {
			newNative().account(begin, 4, 4, 0, 0, 0).events(5).account(due, 4, 5, 1, 1, 0).events(6, 9).account(due, 6, 9, 1, 1, 0).events(10).account(end, 9, 10, 1, 1, 0),
			[]string{"untold 6-6 serial 6: the agent's accounts of them are missing"},
		},
		"older files are gone": {
			newNative().events(8).account(due, 4, 8, 4, 4, 0).events(10, 11).account(due, 8, 11, 3, 3, 0).events(12, 14).account(end, 11, 14, 3, 3, 0),
			[]string{"unexplained 6-7 serial 13: neither here nor counted as lost or left out"},
		},
		"older files are gone, and an account is first": {
			newNative().account(due, 4, 8, 4, 4, 0).events(11).account(due, 8, 11, 3, 3, 0).events(12, 14).account(end, 11, 14, 3, 3, 0),
			[]string{"unexplained 4-5 serial 13: neither here nor counted as lost or left out"},
		},
		"lines from before there were accounts": {
			newNative().events(1, 3).account(begin, 4, 4, 0, 0, 0).events(5).account(end, 4, 5, 1, 1, 0), nil,
		},
		"no accounts": {newNative().events(5, 9), nil},
		longArgument: {
			newNative().account(begin, 4, 4, 0, 0, 0).add(&event.Event{Serial: 5, Node: strings.Repeat("x", 3*longest), Type: "SYSCALL"}).events(7).account(end, 4, 7, 3, 3, 0),
			[]string{"unexplained 2-3 serial 6: neither here nor counted as lost or left out"},
		},
		"somebody had an account recorded as a text": {
			newNative().account(begin, 4, 4, 0, 0, 0).add(&event.Event{Serial: 5, Type: "EXECVE", Process: event.Process{Args: []string{newNative().account(end, 0, 99, 0, 0, 0).b.String()}}}).
				events(7).account(end, 4, 7, 3, 3, 0),
			[]string{"unexplained 2-3 serial 6: neither here nor counted as lost or left out"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, piece := range []int{1 << 20, 1, 7} {
				h := NewLog()
				h.Begin("audit.log")
				for text := test.log.b.String(); text != ""; text = text[min(piece, len(text)):] {
					if _, err := io.WriteString(h, text[:min(piece, len(text))]); err != nil {
						t.Fatal(err)
					}
				}
				var got []string
				for _, hole := range h.Report().Holes {
					what, _, _ := strings.Cut(hole.String(), ", ")
					_, said, _ := strings.Cut(hole.String(), "Z: ")
					got = append(got, fmt.Sprintf("%s %d-%d %s: %s", hole.Kind, hole.From.Line, hole.To.Line, what, said))
					if isFinding := hole.Kind == Unexplained || hole.Kind == Untold; hole.IsFinding() != isFinding {
						t.Errorf("a finding: %t", !isFinding)
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Fatalf("holes, %d bytes at a time (-want +got):\n%s", piece, diff)
				}
			}
		})
	}
}

func TestHolesSayWhereAndWhen(t *testing.T) {
	h := NewLog()
	for i, l := range []*native{newNative().account(begin, 4, 4, 0, 0, 0).events(5), newNative().events(7).account(end, 4, 7, 3, 3, 0).events(8)} {
		h.Begin([]string{"audit.log.1", "audit.log"}[i])
		if _, err := io.WriteString(h, strings.TrimSuffix(l.b.String(), "\n")); err != nil { // the last line has no end
			t.Fatal(err)
		}
	}
	report := h.Report()
	start := time.Unix(1_700_000_000, 0).UTC()
	want := []Hole{{
		Kind: Unexplained, From: Place{"audit.log.1", 2}, To: Place{"audit.log", 1}, First: 6, Last: 6, Count: 1,
		Since: start.Add(time.Second), Until: start.Add(2 * time.Second), Boot: "b1",
	}}
	if diff := cmp.Diff(want, report.Holes); diff != "" {
		t.Errorf("holes (-want +got):\n%s", diff)
	}
	wantReport := Report{Counted: map[string]int64{}, Accounts: 1, Serials: 3, Here: 2, Pending: 1, Holes: report.Holes}
	if diff := cmp.Diff(wantReport, report); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
}

func FuzzHoles(f *testing.F) {
	f.Add([]byte(newNative().account(begin, 4, 4, 0, 0, 0).events(5, 7).account(end, 4, 7, 3, 3, 0).b.String()))
	f.Add([]byte(newNative().events(7).lost(event.Hole{Where: event.LossGap, Count: 1, Before: 5, After: 7}).b.String()))
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, pieces := NewLog(), NewLog()
		_, _ = whole.Write(text)
		for len(text) > 0 {
			n := min(len(text), 13)
			_, _ = pieces.Write(text[:n])
			text = text[n:]
		}
		first := whole.Report()
		if diff := cmp.Diff(first, pieces.Report()); diff != "" {
			t.Errorf("it depends on the pieces (-whole +pieces):\n%s", diff)
		}
		for _, hole := range first.Holes {
			if hole.Count < 0 || hole.String() == "" {
				t.Errorf("a hole is %+v", hole)
			}
		}
	})
}
