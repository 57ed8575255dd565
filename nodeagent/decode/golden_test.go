package decode

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// logs are those of testdata: of our own capture, and those that others have published.
func logs(t *testing.T) []string {
	t.Helper()
	own, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	public, err := filepath.Glob("testdata/*/*.log")
	if err != nil || len(own) == 0 || len(public) == 0 {
		t.Fatalf("%d and %d logs, %v", len(own), len(public), err)
	}
	return append(own, public...)
}

func TestRecordsOfRealKernels(t *testing.T) {
	for _, log := range logs(t) {
		t.Run(filepath.Base(log), func(t *testing.T) {
			var got []byte
			var decoder Decoder
			for _, group := range groups(t, log) {
				var err error
				if got, err = event.AppendLine(got, decoder.Event(group)); err != nil {
					t.Fatal(err)
				}
			}
			golden := strings.TrimSuffix(log, ".log") + ".jsonl"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// groups reads a log with lines of the form `type=NAME msg=audit(…): …`; lines that begin with # are remarks. Records of one serial and time are
// one group wherever they stand.
func groups(t *testing.T, log string) []event.Group {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var all []event.Group
	places := map[event.Header]int{}
	for line := range bytes.Lines(text) {
		kind, data, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " msg=")
		if !ok {
			continue
		}
		number, known := event.TypeNumber(strings.TrimPrefix(kind, "type="))
		if number == typeEOE {
			continue
		}
		record := event.Record{Type: number, Data: data}
		if !known {
			record.TypeName = strings.TrimPrefix(kind, "type=")
		}
		header, ok := event.ParseHeader(data)
		place, begun := places[header]
		if !ok || !begun {
			place = len(all)
			all = append(all, event.Group{Time: header.Time(), Serial: header.Serial})
			places[header] = place
		}
		all[place].Records = append(all[place].Records, record)
	}
	return all
}
