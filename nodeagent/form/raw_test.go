package form

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestRawIsTheLogThatWasRead(t *testing.T) {
	for _, log := range logs(t) {
		t.Run(filepath.Base(log), func(t *testing.T) {
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(text)) {
				if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "type=EOE ") { // auditd writes no ends of events either
					want = append(want, line)
				}
			}
			got := strings.SplitAfter(string(lines(t, "raw", withoutNode(eventsOf(t, log)))), "\n")
			if diff := cmp.Diff(want, got[:len(got)-1]); diff != "" {
				t.Errorf("lines (-log +raw):\n%s", diff)
			}
		})
	}
}

func withoutNode(events []*event.Event) []*event.Event {
	for _, e := range events {
		e.Node = ""
	}
	return events
}

func TestRaw(t *testing.T) {
	record := func(number uint16, name, data string) *event.Event {
		return &event.Event{Node: "worker-1", Records: []event.Record{{Type: number, TypeName: name, Data: data}}}
	}
	for name, test := range map[string]struct {
		event *event.Event
		want  string
	}{
		"a record has its node":                            {record(1307, "CWD", "audit(1.002:3): cwd=\"/\""), "node=worker-1 type=CWD msg=audit(1.002:3): cwd=\"/\"\n"},
		"bytes stay, and a line feed becomes a space":      {record(1124, "USER_TTY", "audit(1.002:3): \xff\x1d\nx"), "node=worker-1 type=USER_TTY msg=audit(1.002:3): \xff\x1d x\n"},
		"a type of our own has its number":                 {record(2992, "NODEAUDIT_LOST", "audit(1.002:0): place=gap"), "node=worker-1 type=UNKNOWN[2992] msg=audit(1.002:0): place=gap\n"},
		"a type that came without a number keeps its name": {record(0, "PATH", "audit(1.002:3): "), "node=worker-1 type=PATH msg=audit(1.002:3): \n"},
		"a line that was no record is as it was":           {record(0, unreadable, "nonsense"), "nonsense\n"},
		"an event without records has no line":             {&event.Event{Node: "worker-1"}, ""},
		"a name of a node cannot begin a line":             {&event.Event{Node: "a\nb", Records: []event.Record{{TypeName: "CWD"}}}, "node=a b type=CWD msg=\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := appendRaw(nil, test.event)
			if diff := cmp.Diff(test.want, string(got)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestAusearchAndAureportReadRaw compares what Debian's programs count with what went in.
func TestAusearchAndAureportReadRaw(t *testing.T) {
	for _, program := range []string{"ausearch", "aureport"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs the programs of hack/peers.sh: %s (Debian: auditd)", program)
		}
	}
	for _, node := range []string{"", "worker-1"} {
		events := rawEvents(t, node)
		file := filepath.Join(t.TempDir(), "audit.log")
		if err := os.WriteFile(file, lines(t, "raw", events), 0o600); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		keys, accounts := 0, 0
		for _, e := range events {
			for i := range e.Records {
				want[e.Records[i].TypeName]++
			}
			if len(e.Keys) > 0 {
				keys++
			}
			if class := activityOf(e).class; class == accountChange || class == groupManagement {
				accounts++
			}
		}
		out := program(t, "ausearch", "-if", file, "--raw")
		got := map[string]int{}
		for _, found := range regexp.MustCompile(`(?m)^(?:node=\S+ )?type=(\S+) msg=`).FindAllSubmatch(out, -1) {
			got[string(found[1])]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("node %q, records of each type (-written +ausearch):\n%s", node, diff)
		}
		if got := bytes.Count(program(t, "ausearch", "-if", file, "--format", "csv"), []byte("\n")) - 1; got != len(events) {
			t.Errorf("node %q: ausearch finds %d events, %d were written", node, got, len(events))
		}
		report := string(program(t, "aureport", "-if", file))
		if got := count(t, report, "Number of events"); got != len(events) {
			t.Errorf("node %q: aureport counts %d events, %d were written", node, got, len(events))
		}
		if got := count(t, report, "Number of changes to accounts, groups, or roles"); got != accounts {
			t.Errorf("node %q: aureport counts %d changes of accounts, we %d", node, got, accounts)
		}
		if keys == 0 || count(t, report, "Number of keys") == 0 {
			t.Errorf("node %q: %d events have keys, aureport counts %d", node, keys, count(t, report, "Number of keys"))
		}
	}
}

// rawEvents are those of the logs.
func rawEvents(t *testing.T, node string) []*event.Event {
	t.Helper()
	var all []*event.Event
	for _, log := range logs(t) {
		for _, e := range eventsOf(t, log) {
			e.Node = node
			all = append(all, e)
		}
	}
	return all
}

func program(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, words.Bytes())
	}
	return out
}

// count reads a line of aureport's summary.
func count(t *testing.T, report, title string) int {
	t.Helper()
	_, rest, found := strings.Cut(report, title+": ")
	number, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if !found || err != nil {
		t.Fatalf("no %q in\n%s", title, report)
	}
	return n
}
