package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestATrialOfASinkIsAnEventLikeOthers(t *testing.T) {
	e := event.Test{ID: "0a1b2c", Sink: "siem", By: "ann o'hara@desk"}.Event("worker-1", time.Date(2026, 11, 21, 15, 0, 2, 5e6, time.UTC))
	line, err := event.AppendLine(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema(t), line); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	const want = `{"time":"2026-11-21T15:00:02.005Z","serial":0,"node":"worker-1","type":"NODEAUDIT_TEST","who":{"confidence":"none"},` +
		`"fields":{"id":"0a1b2c","sink":"siem","by":"ann o'hara@desk"},` +
		`"records":[{"type":"NODEAUDIT_TEST","data":"audit(1795273202.005:0): id=0a1b2c sink=7369656D by=616E6E206F276861726140` + `6465736B"}]}`
	if got := strings.TrimSuffix(string(line), "\n"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
