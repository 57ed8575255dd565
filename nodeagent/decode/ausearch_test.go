package decode

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// logEnv names further logs for TestInterpretationsAgreeWithAusearch, with colons between them, for example those of this machine or of other projects.
const logEnv = "NODEAUDIT_LOG"

// TestInterpretationsAgreeWithAusearch compares what numbers mean, and what is in hexadecimal, with `ausearch -i`, field by field. Where the two
// differ there must be a reason for it.
func TestInterpretationsAgreeWithAusearch(t *testing.T) {
	if _, err := exec.LookPath("ausearch"); err != nil {
		t.Skip("needs the programs of hack/peers.sh: ausearch (Debian: auditd)")
	}
	all := logs(t)
	if more := os.Getenv(logEnv); more != "" {
		all = append(all, filepath.SplitList(more)...)
	}
	counts := map[string]int{}
	for _, log := range all {
		t.Run(filepath.Base(log), func(t *testing.T) {
			theirs := interpreted(t, log)
			d := &Decoder{Names: host.NewNames("/")}
			for _, group := range groups(t, log) {
				e := d.Event(group)
				for i, r := range group.Records {
					line, found := theirs[recordID(group, e.Records[i])]
					if !found {
						counts["ausearch leaves the record out"]++
						continue
					}
					judge(t, e, r, line, counts)
				}
			}
		})
	}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%7d %s", counts[reason], reason)
	}
}

var itemOf = regexp.MustCompile(` item=(\d+)`)

// recordID tells a record from the others of its event.
func recordID(g event.Group, r event.Record) string {
	item := ""
	if found := itemOf.FindStringSubmatch(r.Data); found != nil && r.Type == typePath {
		item = found[1]
	}
	return fmt.Sprint(r.TypeName, g.Time.UnixMilli()%1000, ":", g.Serial, ":", item)
}

var interpretedLine = regexp.MustCompile(`^(?:node=\S+ )?type=(\S+) msg=audit\([^)]*\.(\d+):(\d+)\) ?: ?(.*)$`)

// interpreted returns what ausearch says of the records of a log.
func interpreted(t *testing.T, log string) map[string]string {
	t.Helper()
	command := exec.Command("ausearch", "-i", "-if", log)
	command.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return nil // it finds no event that it takes for one
	}
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range bytes.Lines(out) {
		found := interpretedLine.FindStringSubmatch(strings.TrimRight(string(line), "\n"))
		if found == nil {
			continue
		}
		item := ""
		if i := itemOf.FindStringSubmatch(" " + found[4]); i != nil && found[1] == "PATH" {
			item = i[1]
		}
		all[fmt.Sprint(found[1], strings.TrimLeft(found[2][:2], "0")+found[2][2:], ":", found[3], ":", item)] = found[4]
	}
	return all
}

// judge compares the fields of a record.
func judge(t *testing.T, e *event.Event, r event.Record, line string, counts map[string]int) {
	t.Helper()
	s := scanner{text: r.Data, at: new(Decoder).bodyOf(r.Data)}
	path := 0
	if r.Type == typePath {
		path = slices.IndexFunc(e.Records, func(other event.Record) bool { return other.Data == r.Data })
		path = pathNumber(e, path)
	}
	rest := " " + line
	for s.next() && !s.enriched {
		_, after, found := strings.Cut(rest, " "+s.key+"=")
		if !found {
			counts["ausearch leaves the field out"]++
			continue
		}
		rest = after
		want := valueBefore(after, &s)
		if s.key == "exit" {
			want, _, _ = strings.Cut(want, "(") // the error in a sentence
		}
		got := asAusearch(e, r.Type, path, &s)
		if got == want {
			counts["the same"]++
			continue
		}
		reason := reasonFor(r.Type, s.key, got, want)
		counts[reason]++
		if reason == noReason {
			t.Errorf("%s %s=%s: we say %q, ausearch %q", event.TypeName(r.Type), s.key, s.raw, got, want)
		}
	}
}

// pathNumber is which of the event's paths the record at a place is.
func pathNumber(e *event.Event, place int) int {
	n := 0
	for _, r := range e.Records[:place] {
		if r.Type == typePath {
			n++
		}
	}
	return n
}

// valueBefore is the value that ausearch writes before the next field of the record, or to its end.
func valueBefore(after string, s *scanner) string {
	next := *s
	if next.next() {
		if at := strings.Index(after, " "+next.key+"="); at >= 0 {
			after = after[:at]
		}
	}
	after, _, _ = strings.Cut(after, " msg='")
	return strings.TrimRight(after, " '")
}
