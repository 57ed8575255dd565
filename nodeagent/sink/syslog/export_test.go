package syslog

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// Message is the message of the first record.
func Message(tb testing.TB, logs plog.Logs) []byte {
	tb.Helper()
	record := export.Records(logs)[0]
	return (&form{format: rfc5424, priority: 110, app: "nodeaudit"}).message(nil, &record)
}
