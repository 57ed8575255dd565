package decode

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elastic/go-libaudit/v2/auparse"
	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRecordsOfRealKernels(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no records: %v", err)
	}
	for _, log := range logs {
		t.Run(filepath.Base(log), func(t *testing.T) {
			var got []byte
			var decoder Decoder
			for _, group := range groups(t, log) {
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

// groups reads a log with lines of the form `type=NAME msg=audit(…): …`; lines that begin with # are remarks.
func groups(t *testing.T, log string) []event.Group {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var all []event.Group
	for line := range bytes.Lines(text) {
		line := strings.TrimSuffix(string(line), "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		message, err := auparse.ParseLogLine(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if message.RecordType == auparse.AUDIT_EOE {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Serial != message.Sequence {
			all = append(all, event.Group{Time: message.Timestamp, Serial: message.Sequence})
		}
		_, data, _ := strings.Cut(line, " msg=")
		last := &all[len(all)-1]
		last.Records = append(last.Records, event.Record{Type: uint16(message.RecordType), Data: data})
	}
	return all
}
