package form

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
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

// logs are the decoder's records of a real kernel, and some of programs that those do not have.
func logs(testing.TB) []string {
	return []string{"../decode/testdata/linux-6.18-x86_64.log", "testdata/debian-12-users.log"}
}

// eventsOf returns the events of a log as they were decoded at the last -update, so that a decoder that learns does not change a form. Each
// other event comes from a pod, the others from the host.
func eventsOf(tb testing.TB, log string) []*event.Event {
	tb.Helper()
	file := filepath.Join("testdata", strings.TrimSuffix(filepath.Base(log), ".log")+".jsonl")
	if *update {
		text, err := os.ReadFile(log)
		if err != nil {
			tb.Fatal(err)
		}
		all := decoded(tb, text)
		for i, e := range all {
			e.Who = event.Who{Confidence: event.ConfidenceExact, Unit: "ssh.service"}
			if i%2 == 0 {
				e.Who = inPod
			}
		}
		if err := os.WriteFile(file, lines(tb, "native", all), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	var all []*event.Event
	for line := range bytes.Lines(text) {
		e := &event.Event{}
		if err := json.Unmarshal(line, e); err != nil {
			tb.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

var inPod = event.Who{
	Confidence: event.ConfidenceExact, Namespace: "shop", Pod: "web-0", PodUID: "7f0d1c1e-5a5b-4c3d-9e8f-6f0c7a3b2d11", Container: "app",
	ContainerID: strings.Repeat("4b1f", 16), Image: "registry.example:5000/web:1.4", Labels: map[string]string{"app": "web", "tier": "front"},
	ImageID: "registry.example:5000/web@sha256:" + strings.Repeat("9c", 32), Workload: &event.Workload{Kind: "Deployment", Name: "web", By: event.WorkloadByName},
	Start: 1795251949000, Ancestors: []event.Ancestor{{PID: 4277, Comm: "entrypoint", Exe: "/bin/entrypoint", Start: 1795251940000}, {PID: 4270, Comm: "tini"}},
}

func lines(tb testing.TB, name string, events []*event.Event) []byte {
	tb.Helper()
	f, err := Named(name)
	if err != nil {
		tb.Fatal(err)
	}
	var all []byte
	for _, e := range events {
		if all, err = f.AppendLine(all, e); err != nil {
			tb.Fatal(err)
		}
	}
	return all
}
