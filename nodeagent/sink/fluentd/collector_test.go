package fluentd_test

import (
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/fluentd"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestTheCollectorGetsEventsWholeWithTheirFields(t *testing.T) {
	events, got := exporttest.ThroughCollector(t, "forward", func(address string) (export.Destination, error) {
		return fluentd.New(fluentd.Options{Address: address, Tag: "nodeaudit", Node: "node-1"})
	})
	var lines strings.Builder
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
