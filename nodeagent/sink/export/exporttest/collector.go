package exporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// Received is a log record as a receiver of the OpenTelemetry Collector has made it.
type Received struct {
	// Body is the record's.
	Body string `json:"body"`
	// Attributes are the record's.
	Attributes map[string]any `json:"attributes"`
	// Resource has the attributes of where the record is from.
	Resource map[string]any `json:"resource"`
}

// ThroughCollector sends many events, one of a megabyte among them, to a receiver of the OpenTelemetry Collector, and returns them and what the receiver made of them.
func ThroughCollector(t *testing.T, kind string, open func(address string) (export.Destination, error)) ([]*event.Event, []Received) {
	t.Helper()
	address, read := Collector(t, kind)
	s := New(t, func(context.Context) (export.Destination, error) { return open(address) })
	events := sinktest.Events(2000)
	events[1000].Args = []string{strings.Repeat("0123456789abcdef", 1<<16)}
	for batch := range slices.Chunk(events, 100) {
		Write(t, s, batch)
	}
	Delivered(t, s)
	Eventually(t, func() string { return fmt.Sprintf("%d records", len(read())) }, func() bool { return len(read()) >= len(events) })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return events, read()
}

// Collector starts a receiver of the OpenTelemetry Collector (hack/collector) in a process of its own, and returns its address and a way to read what it has got.
func Collector(t *testing.T, kind string) (address string, read func() []Received) {
	t.Helper()
	path, err := exec.LookPath("collector")
	if err != nil {
		t.Skip("needs the programs of hack/peers.sh: collector")
	}
	address = Address(t)
	out := filepath.Join(t.TempDir(), "out")
	command := exec.CommandContext(t.Context(), path, "-"+kind, address, "-out", out) //nolint:gosec // what was built of hack/collector
	input, err := command.StdinPipe()                                                 // with whose end it ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = input.Close() })
	Run(t, command, Listens(address))
	return address, func() []Received { return received(t, out) }
}

func received(t *testing.T, name string) []Received {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []Received
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var r Received
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}
