package contest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	test  = Limits{After: 3, Window: 10 * time.Minute, Pause: 10 * time.Second, Longest: 80 * time.Second}
)

// at is a time in seconds after the beginning.
func at(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }

func TestContest(t *testing.T) {
	for _, row := range []struct {
		name    string
		limits  Limits
		repairs map[string][]int // seconds at which each thing was repaired
		look    int
		want    map[string]int // contested things, with the second until which each is left alone
	}{
		{"nothing was repaired", test, nil, 0, nil},
		{"a repair is no contest", test, map[string][]int{"a": {0}}, 1, nil},
		{"fewer than enough", test, map[string][]int{"a": {0, 1}}, 2, nil},
		{"enough of one thing", test, map[string][]int{"a": {0, 1, 2}}, 2, map[string]int{"a": 12}},
		{"enough of different things is none", test, map[string][]int{"a": {0}, "b": {1}, "c": {2}}, 2, nil},
		{"enough, but not within the window", test, map[string][]int{"a": {0, 300, 600}}, 600, nil},
		{"just within the window", test, map[string][]int{"a": {0, 300, 599}}, 600, map[string]int{"a": 609}},
		{"each further repair waits twice as long", test, map[string][]int{"a": {0, 1, 2, 12}}, 12, map[string]int{"a": 32}},
		{"and the next", test, map[string][]int{"a": {0, 1, 2, 12, 32}}, 33, map[string]int{"a": 72}},
		{"up to the longest", test, map[string][]int{"a": {0, 1, 2, 12, 32, 72, 152, 232}}, 233, map[string]int{"a": 312}},
		{"the other thing is not touched", test, map[string][]int{"a": {0, 1, 2}, "b": {0}}, 3, map[string]int{"a": 12}},
		{"it stays contested when the pause is over", test, map[string][]int{"a": {0, 1, 2}}, 601, map[string]int{"a": 12}},
		{"what has stayed for a window is contested no longer", test, map[string][]int{"a": {0, 1, 2}}, 602, nil},
		{"and begins anew", test, map[string][]int{"a": {0, 1, 2, 700}}, 700, nil},
		{"never", Limits{Window: time.Minute, Pause: time.Second, Longest: time.Second}, map[string][]int{"a": {0, 0, 0, 0, 0, 0}}, 1, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := New(row.limits)
			for name, times := range row.repairs {
				for _, second := range times {
					c.Repaired([]string{name}, at(second))
				}
			}
			got := map[string]int{}
			state := c.State(at(row.look))
			for name, until := range state.Until {
				got[name] = int(until.Sub(begin).Seconds())
				if state.Held(name, until) || !state.Held(name, until.Add(-1)) {
					t.Errorf("%s is not left alone until exactly %v", name, until)
				}
			}
			if row.want == nil {
				row.want = map[string]int{}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("contested (-want +got):\n%s", diff)
			}
			if state.Since.IsZero() != (len(got) == 0) {
				t.Errorf("since %v", state.Since)
			}
		})
	}
}

// A rival who undoes everything at once, for an hour, costs a few repairs; when he stops, all is in place within the longest pause, and the
// contest is over a window later.
func TestARivalWhoNeverStopsCostsFewRepairs(t *testing.T) {
	c := New(Default)
	now, repairs := begin, 0
	for now.Before(begin.Add(time.Hour)) {
		if !c.State(now).Held("rule", now) {
			c.Repaired([]string{"rule"}, now)
			repairs++
		}
		now = now.Add(time.Second)
	}
	if repairs < 10 || repairs > 25 {
		t.Errorf("%d repairs in an hour", repairs)
	}
	until := c.State(now).Until["rule"]
	if until.After(now.Add(Default.Longest)) {
		t.Errorf("left alone until %v, which is more than %v after %v", until, Default.Longest, now)
	}
	c.Repaired([]string{"rule"}, until)
	if left := slices.Collect(maps.Keys(c.State(until.Add(Default.Window)).Until)); len(left) != 0 {
		t.Errorf("still contested: %q", left)
	}
}

func TestWhatIsLeftAloneIsNotTakenForWhatHasStayed(t *testing.T) {
	c := New(Limits{After: 1, Window: time.Minute, Pause: time.Hour, Longest: time.Hour})
	c.Repaired([]string{"a"}, begin)
	if until := c.State(begin).Until["a"]; until.After(at(30)) {
		t.Errorf("left alone until %v, longer than half of the window", until)
	}
	c.Repaired([]string{"a"}, at(40))
	if until := c.State(at(41)).Until["a"]; until.After(at(70)) {
		t.Errorf("left alone until %v, longer than half of the window", until)
	}
}

func TestClearForgets(t *testing.T) {
	c := New(test)
	for range 3 {
		c.Repaired([]string{"a"}, begin)
	}
	c.Clear()
	if state := c.State(begin); len(state.Until) != 0 {
		t.Errorf("contested: %v", state.Until)
	}
}
