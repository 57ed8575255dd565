package fluentd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/fluentd"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestTheCollectorGetsEventsWholeWithTheirFields(t *testing.T) {
	address, read := exporttest.Collector(t, "forward")
	s := exporttest.New(t, func(context.Context) (export.Destination, error) {
		return fluentd.New(fluentd.Options{Address: address, Tag: "nodeaudit", Node: "node-1"})
	})
	events := sinktest.Events(2000)
	events[1000].Args = []string{strings.Repeat("0123456789abcdef", 1<<16)}
	for batch := range slices.Chunk(events, 100) {
		exporttest.Write(t, s, batch)
	}
	exporttest.Delivered(t, s)
	exporttest.Eventually(t, func() string { return fmt.Sprintf("%d records", len(read())) }, func() bool { return len(read()) >= len(events) })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	var lines strings.Builder
	got := read()
	for _, r := range got {
		lines.WriteString(r.Body + "\n")
	}
	sinktest.Compare(t, []byte(lines.String()), sinktest.Lines(t, events))
	for name, want := range map[string]any{"pod": "cart-0", "serial": "7", "node": "node-1", "fluent.tag": "nodeaudit"} {
		if got[7].Attributes[name] != want {
			t.Errorf("%s is %v, want %v", name, got[7].Attributes[name], want)
		}
	}
}
