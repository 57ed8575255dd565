package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// random returns an event of which little is the same as in others.
func random(r *rand.Rand, serial uint32) *event.Event {
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	e := &event.Event{
		Time: time.UnixMilli(1_700_000_000_000 + int64(serial)*10).UTC(), Serial: serial, Node: pick("a", ""), Type: pick("SYSCALL", "USER_LOGIN"),
		Call:    event.Call{Syscall: pick("openat", "execve", "")},
		Process: event.Process{PID: event.NewID(r.Uint32N(5000)), Exe: pick("/bin/a\"b", "/bin/ü", "/bin/\\", ""), Comm: pick("x{", "[y", "\\\\")},
		User:    event.User{UID: event.NewID(r.Uint32N(3)), AUID: event.NewID(1000 + r.Uint32N(3))},
		Who:     event.Who{Namespace: pick("", "shop"), Pod: pick("", "cart-0", "cart-1"), Labels: map[string]string{"pid": "7", "x\"}": "]"}},
		Paths:   []event.Path{{Name: `{"pid":1}`}, {Name: "\xff"}},
		Records: []event.Record{{TypeName: "PATH", Data: `a="b\" {[`}, {TypeName: pick("EXECVE", "AVC"), Data: "\xfe"}},
	}
	if r.IntN(3) == 0 {
		e.Keys = []string{pick("k1", "k2"), "both"}
	}
	if place := serial / 100; r.IntN(4) == 0 { // values that only some blocks have
		e.Keys = append(e.Keys, fmt.Sprintf("k\"%d", place))
		e.Exe, e.Comm, e.Node = fmt.Sprintf("/bin/ü%d", place), fmt.Sprintf("c\\%d", place), fmt.Sprintf("n%d", place)
		e.Who.Namespace, e.Who.Pod, e.Who.Container = fmt.Sprintf("ns%d", place), fmt.Sprintf("p%d", place), fmt.Sprintf("c%d", place)
		e.PPID, e.EUID, e.Ses = event.NewID(place), event.NewID(7000+place), event.NewID(9000+place)
		e.Records = append(e.Records, event.Record{TypeName: fmt.Sprintf("UNKNOWN[%d]", 1000+place)})
	}
	return e
}

func line(tb testing.TB, e *event.Event) []byte {
	tb.Helper()
	b, err := event.AppendLine(nil, e)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestScanFindsTheFieldsOfALine(t *testing.T) {
	e := &event.Event{
		Time: time.UnixMilli(1_700_000_000_123).UTC(), Serial: 42, Node: "n", Type: "SYSCALL", Keys: []string{"k", "\u00fc\"\n"},
		Who:     event.Who{Confidence: event.ConfidenceExact, Namespace: "ns", Pod: "p", Container: "c", Ancestors: []event.Ancestor{{PID: 9, Comm: "no", Exe: "no"}}},
		Call:    event.Call{Syscall: "execve", Exit: new(int64(-2))},
		Process: event.Process{PID: event.NewID(1), PPID: event.NewID(4294967295), Comm: "cat", Exe: "/bin/cat", Args: []string{"a", ""}},
		User:    event.User{AUID: event.NewID(1000), UID: event.NewID(0), EUID: event.NewID(5), Ses: event.NewID(3), UserNames: event.UserNames{UIDName: "root"}},
		Records: []event.Record{{TypeName: "SYSCALL", Data: `x="y"`}, {TypeName: "CWD"}},
	}
	var got Terms
	if !got.Scan(bytes.TrimSpace(line(t, e))) {
		t.Fatal("it does not know the line")
	}
	want := Terms{First: 1_700_000_000_123, Last: 1_700_000_000_123, Lowest: 42, Highest: 42}
	for field, values := range [texts][]string{{"SYSCALL", "SYSCALL", "CWD"}, {"k", "\u00fc\"\n"}, {"execve"}, {"/bin/cat"}, {"cat"}, {"n"}, {"ns"}, {"p"}, {"c"}} {
		for _, value := range values {
			want.Texts[field] = append(want.Texts[field], []byte(value))
		}
	}
	want.Numbers = [numbers][]uint32{{1}, {4294967295}, {0}, {5}, {1000}, {3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
}

func TestScanLeavesWhatItDoesNotUnderstandToTheReader(t *testing.T) {
	const time = `{"time":"2023-11-14T22:13:20.123Z","serial":1`
	for name, line := range map[string]string{
		"a record of auditd":             `type=CWD msg=audit(1.000:1): cwd="/"`,
		"a line that is cut":             time + `,"type":"X"`,
		"another object":                 `{"@timestamp":"x"}`,
		"white space":                    time + `, "pid":1}`,
		"a number with a sign":           time + `,"pid":-1}`,
		"a number that is too large":     time + `,"pid":4294967296}`,
		"a name in capitals":             time + `,"PID":1}`,
		"a name in letters that fold":    time + `,"` + "\u212aeys" + `":["a"]}`,
		"a text where a list should be":  time + `,"keys":"k"}`,
		"a text that does not end":       time + `,"exe":"k}`,
		"something behind the end":       time + `} `,
		"an escape that there is not":    time + `,"exe":"\q"}`,
		"a time that is none":            `{"time":"yesterday","serial":1}`,
		"an event without a serial":      `{"time":"2023-11-14T22:13:20.123Z"}`,
		"a bracket too many in a member": time + `,"x":}}`,
	} {
		var got Terms
		if got.Scan([]byte(line)) || !got.Anything {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// file returns lines, and the index that Build makes of them.
func file(tb testing.TB, r *rand.Rand, n int) (text []byte, x *Index) {
	tb.Helper()
	for serial := range n {
		text = append(text, line(tb, random(r, uint32(serial)))...)
	}
	x, err := Build(bytes.NewReader(text), 7)
	if err != nil {
		tb.Fatal(err)
	}
	return text, x
}

func TestNoBlockIsLeftOutThatHoldsWhatIsSearchedFor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text, built := file(t, r, 3000)
	written := built.Append(nil)
	x, err := Parse(written)
	if err != nil {
		t.Fatal(err)
	}
	events := map[int64][]*event.Event{} // of each block
	for _, block := range x.Blocks {
		for line := range bytes.Lines(text[block.Offset : block.Offset+block.Length]) {
			e := &event.Event{}
			if err := json.Unmarshal(line, e); err != nil {
				t.Fatal(err)
			}
			events[block.Offset] = append(events[block.Offset], e)
		}
	}
	if diff := cmp.Diff(built.Append(nil), x.Append(nil)); diff != "" || len(x.Blocks) < 5 || x.Size != int64(len(text)) || x.Changed != 7 {
		t.Fatalf("%d blocks, size %d, changed %d (-want +got):\n%s", len(x.Blocks), x.Size, x.Changed, diff)
	}
	// Every value of every field that an index keeps is asked for, alone and with a second one, of lines from all over the file.
	skipped, asked := map[string]int{}, 0
	var lines []*event.Event
	for _, block := range x.Blocks {
		in := events[block.Offset] // at the limits of a block, and somewhere between them
		lines = append(lines, in[0], in[len(in)-1], in[r.IntN(len(in))], in[r.IntN(len(in))])
	}
	for _, wanted := range lines {
		conditions := conditionsOf(wanted)
		for name, condition := range conditions {
			other := slices.Sorted(maps.Keys(conditions))[r.IntN(len(conditions))]
			for _, both := range []bool{false, true} {
				q := All()
				condition.ask(&q)
				holds := condition.holds
				if both && other != name {
					conditions[other].ask(&q)
					holds = func(e *event.Event) bool { return condition.holds(e) && conditions[other].holds(e) }
				}
				asked++
				if diff := cmp.Diff(x.Find(&q), find(t, written, &q)); diff != "" {
					t.Fatalf("%s: what is found in the written index is something else (-want +got):\n%s", name, diff)
				}
				for at := range x.Blocks {
					block := &x.Blocks[at]
					if q.May(&block.Terms) {
						continue
					}
					skipped[name]++
					for _, e := range events[block.Offset] {
						if holds(e) {
							t.Fatalf("%s: the block at %d was left out, and holds serial %d", name, block.Offset, e.Serial)
						}
					}
				}
			}
		}
	}
	t.Logf("%d queries, blocks left out: %v", asked, skipped)
	for _, name := range []string{"time", "serial", "pid", "ppid", "key", "exe", "pod", "type"} {
		if skipped[name] == 0 {
			t.Errorf("no block was ever left out for its %s", name)
		}
	}
}

func find(t *testing.T, written []byte, q *Query) *Found {
	t.Helper()
	found, err := Find(written, q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// condition is a question to an index, and the same to an event, without anything of this package.
type condition struct {
	ask   func(q *Query)
	holds func(e *event.Event) bool
}

// conditionsOf ask for what the event has.
func conditionsOf(wanted *event.Event) map[string]condition {
	at := wanted.Time.UnixMilli()
	all := map[string]condition{
		"time": {
			func(q *Query) { q.From, q.To = at, at },
			func(e *event.Event) bool { return e.Time.UnixMilli() == at },
		},
		"serial": {func(q *Query) { q.Serial, q.SerialAsked = wanted.Serial, true }, func(e *event.Event) bool { return e.Serial == wanted.Serial }},
	}
	number := func(name string, id event.ID, of func(e *event.Event) event.ID, fields ...Number) {
		if value, ok := id.Get(); ok {
			all[name] = condition{
				func(q *Query) { q.Numbers = append(q.Numbers, NumberCondition{fields, value}) },
				func(e *event.Event) bool { return of(e).Is(value) },
			}
		}
	}
	number("pid", wanted.PID, func(e *event.Event) event.ID { return e.PID }, PID)
	number("ppid", wanted.PPID, func(e *event.Event) event.ID { return e.PPID }, PPID)
	number("uid", wanted.UID, func(e *event.Event) event.ID { return e.UID }, UID)
	number("euid", wanted.EUID, func(e *event.Event) event.ID { return e.EUID }, EUID)
	number("auid", wanted.AUID, func(e *event.Event) event.ID { return e.AUID }, EUID, AUID)
	number("ses", wanted.Ses, func(e *event.Event) event.ID { return e.Ses }, Session)
	text := func(name string, field Text, values func(e *event.Event) []string) {
		for _, value := range values(wanted) {
			if value == "" {
				continue
			}
			all[name] = condition{
				func(q *Query) {
					q.Texts = append(q.Texts, TextCondition{field, func(v []byte) bool { return string(v) == value }})
				},
				func(e *event.Event) bool { return slices.Contains(values(e), value) },
			}
		}
	}
	text("key", Key, func(e *event.Event) []string { return e.Keys })
	text("syscall", Syscall, func(e *event.Event) []string { return []string{e.Syscall} })
	text("exe", Exe, func(e *event.Event) []string { return []string{e.Exe} })
	text("comm", Comm, func(e *event.Event) []string { return []string{e.Comm} })
	text("node", Node, func(e *event.Event) []string { return []string{e.Node} })
	text("namespace", Namespace, func(e *event.Event) []string { return []string{e.Who.Namespace} })
	text("pod", Pod, func(e *event.Event) []string { return []string{e.Who.Pod} })
	text("container", Container, func(e *event.Event) []string { return []string{e.Who.Container} })
	text("type", Type, func(e *event.Event) []string {
		names := []string{e.Type}
		for _, r := range e.Records {
			names = append(names, r.TypeName)
		}
		return names
	})
	return all
}

func TestABlockWithTooManyValuesMayHoldAny(t *testing.T) {
	var b Builder
	for i := range uint32(3 * most) {
		b.Add(line(t, &event.Event{
			Time: time.UnixMilli(1).UTC(), Serial: i, Keys: []string{fmt.Sprint(i)},
			Process: event.Process{PID: event.NewID(i)}, User: event.User{UID: event.NewID(1)},
		}))
	}
	b.End(10)
	x, err := Parse(b.Index(0).Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	pid := Query{To: 9, Numbers: []NumberCondition{{[]Number{PID}, 1 << 30}}}
	uid := Query{To: 9, Numbers: []NumberCondition{{[]Number{UID}, 2}}}
	key := Query{To: 9, Texts: []TextCondition{{Key, func([]byte) bool { return false }}}}
	if terms := &x.Blocks[0].Terms; !pid.May(terms) || !key.May(terms) || uid.May(terms) {
		t.Errorf("pid %v, key %v, uid %v", pid.May(terms), key.May(terms), uid.May(terms))
	}
}

func TestABrokenIndexIsRefused(t *testing.T) {
	_, x := file(t, rand.New(rand.NewPCG(1, 2)), 3)
	text := x.Append(nil)
	for at := range text {
		changed := bytes.Clone(text)
		changed[at] ^= 4
		if _, err := Parse(changed); err == nil {
			t.Errorf("byte %d is changed, and nothing said", at)
		}
		if _, err := Parse(text[:at]); err == nil {
			t.Errorf("it is cut at %d, and nothing said", at)
		}
	}
}

func FuzzParse(f *testing.F) {
	_, x := file(f, rand.New(rand.NewPCG(1, 2)), 3)
	text := x.Append(nil)
	f.Add(text[len(magic) : len(text)-4])
	f.Fuzz(func(t *testing.T, inner []byte) {
		// The sum at the end is set right, so that what lies behind it is tried.
		written := seal(append([]byte(magic), inner...), 0)
		x, err := Parse(written)
		for _, q := range fuzzed {
			found, failed := Find(written, &q)
			if (err == nil) != (failed == nil) {
				t.Errorf("it was found in with %v, and read with %v", failed, err)
			}
			if err == nil && !cmp.Equal(found, x.Find(&q)) {
				t.Errorf("found %+v, want %+v", found, x.Find(&q))
			}
		}
		if err == nil {
			if again, err := Parse(x.Append(nil)); err != nil || !cmp.Equal(x.Append(nil), again.Append(nil)) {
				t.Errorf("it is another one when it is read again: %v", err)
			}
		}
	})
}

// fuzzed are questions to an index: nothing, and something of each kind.
var fuzzed = []Query{
	All(),
	{From: 1_700_000_000_000, To: 1_700_000_000_010, Serial: 1, SerialAsked: true},
	{
		From: math.MinInt64, To: math.MaxInt64,
		Texts: []TextCondition{
			{Field: Type, Holds: func(value []byte) bool { return len(value) > 3 }},
			{Field: Comm, Holds: func(value []byte) bool { return bytes.HasPrefix(value, []byte("x")) }},
		},
	},
	{From: math.MinInt64, To: math.MaxInt64, Numbers: []NumberCondition{{Fields: []Number{UID, AUID}, Value: 1}, {Fields: []Number{UID}, Value: 1}}},
}

// BenchmarkFind asks the index of some 25 MiB of lines for a process.
func BenchmarkFind(b *testing.B) {
	_, x := file(b, rand.New(rand.NewPCG(1, 2)), 30_000)
	written, q := x.Append(nil), All()
	q.Numbers = []NumberCondition{{Fields: []Number{PID}, Value: 5001}}
	b.SetBytes(int64(len(written)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Find(written, &q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var lines [][]byte
	for serial := range uint32(256) {
		lines = append(lines, bytes.TrimSpace(line(b, random(r, serial))))
	}
	b.SetBytes(int64(len(bytes.Join(lines, nil)) / len(lines)))
	var terms Terms
	for i := 0; b.Loop(); i++ {
		if !terms.Scan(lines[i%len(lines)]) {
			b.Fatal("it is no line")
		}
	}
}

func FuzzScan(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for serial := range uint32(3) {
		f.Add(bytes.TrimSpace(line(f, random(r, serial))))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var terms Terms
		var e event.Event
		if !terms.Scan(line) || json.Unmarshal(line, &e) != nil {
			return
		}
		if e.Time.UnixMilli() != terms.First || e.Serial < terms.Lowest || e.Serial > terms.Highest {
			t.Errorf("time or serial: %+v", terms)
		}
		for field, id := range map[Number]event.ID{PID: e.PID, PPID: e.PPID, UID: e.UID, EUID: e.EUID, AUID: e.AUID, Session: e.Ses} {
			if number, present := id.Get(); present && !slices.Contains(terms.Numbers[field], number) {
				t.Errorf("number %d: %d is not there", field, number)
			}
		}
		all := map[Text][]string{
			Type: {e.Type}, Key: e.Keys, Syscall: {e.Syscall}, Exe: {e.Exe}, Comm: {e.Comm}, Node: {e.Node},
			Namespace: {e.Who.Namespace}, Pod: {e.Who.Pod}, Container: {e.Who.Container},
		}
		for _, record := range e.Records {
			all[Type] = append(all[Type], record.TypeName)
		}
		for field, values := range all {
			for _, value := range values {
				if value != "" && !slices.ContainsFunc(terms.Texts[field], func(v []byte) bool { return string(v) == value }) {
					t.Errorf("text %d: %q is not there: %q", field, value, terms.Texts[field])
				}
			}
		}
	})
}
