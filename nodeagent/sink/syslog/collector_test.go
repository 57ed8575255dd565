package syslog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/syslog"
)

func TestTheCollectorGetsEventsWholeWithTheirStructuredData(t *testing.T) {
	address, read := exporttest.Collector(t, "syslog-tcp")
	s := exporttest.New(t, open(syslog.Options{Address: address, AppName: "nodeaudit", Facility: 13}))
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
		fmt.Fprintln(&lines, r.Attributes["message"])
	}
	sinktest.Compare(t, []byte(lines.String()), sinktest.Lines(t, events))
	data, _ := got[7].Attributes["structured_data"].(map[string]any)
	fields, _ := data["nodeaudit@32473"].(map[string]any)
	if got[7].Attributes["appname"] != "nodeaudit" || fields["pod"] != "cart-0" || fields["serial"] != "7" {
		t.Errorf("attributes: %v", got[7].Attributes)
	}
}
