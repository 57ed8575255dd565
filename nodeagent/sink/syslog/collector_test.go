package syslog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/syslog"
)

func TestTheCollectorGetsEventsWholeWithTheirStructuredData(t *testing.T) {
	events, got := exporttest.ThroughCollector(t, "syslog-tcp", func(address string) (export.Destination, error) {
		return syslog.New(syslog.Options{Address: address, AppName: "nodeaudit", Facility: 13})
	})
	var lines strings.Builder
	for _, r := range got {
		fmt.Fprintln(&lines, r.Attributes["message"])
	}
	sinktest.Compare(t, []byte(lines.String()), sinktest.Lines(t, events))
	data, _ := got[7].Attributes["structured_data"].(map[string]any)
	fields, _ := data["nodeaudit@32473"].(map[string]any)
	if got[7].Attributes["appname"] != "nodeaudit" || fields["pod"] != "cart-0" || fields["serial"] != "7" {
		t.Errorf("attributes: %v", got[7].Attributes)
	}
}
