package form

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestFormsOfRealEvents(t *testing.T) {
	for _, log := range logs(t) {
		events := eventsOf(t, log)
		for _, name := range Names()[1:] { // the native form has goldens beside the decoder
			t.Run(filepath.Base(log)+" as "+name, func(t *testing.T) {
				golden(t, filepath.Join("testdata", strings.TrimSuffix(filepath.Base(log), ".log")+"."+name), lines(t, name, events))
			})
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// logs are the decoder's records of real kernels and some of programs that none of them had.
func logs(t *testing.T) []string {
	t.Helper()
	decoded, err := filepath.Glob("../decode/testdata/*.log")
	if err != nil || len(decoded) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	own, err := filepath.Glob("testdata/*.log")
	if err != nil || len(own) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	return append(decoded, own...)
}

// eventsOf decodes a log. Each other event comes from a pod, the others from the host.
func eventsOf(t testing.TB, log string) []*event.Event {
	t.Helper()
	in, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	reader, err := logfile.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var all []*event.Event
	var decoder decode.Decoder
	r := reassemble.NewLog(func(group event.Group) {
		e := decoder.Event(group)
		e.Node = "worker-1"
		e.Who = event.Who{Confidence: event.ConfidenceExact}
		if len(all)%2 == 0 {
			e.Who = inPod
		}
		all = append(all, e)
	})
	var line logfile.Line
	for reader.Next(&line) {
		if line.Event != nil {
			all = append(all, line.Event)
		} else if line.Err == nil {
			r.Push(line.Record)
		}
	}
	r.Close()
	if err := reader.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%s: %d events, %v", log, len(all), err)
	}
	return all
}

var inPod = event.Who{
	Confidence: event.ConfidenceExact, Namespace: "shop", Pod: "web-0", PodUID: "7f0d1c1e-5a5b-4c3d-9e8f-6f0c7a3b2d11", Container: "app",
	ContainerID: strings.Repeat("4b1f", 16), Image: "registry.example:5000/web:1.4", Labels: map[string]string{"app": "web", "tier": "front"},
}

func lines(t testing.TB, name string, events []*event.Event) []byte {
	t.Helper()
	f, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, e := range events {
		if all, err = f.AppendLine(all, e); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
