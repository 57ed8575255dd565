package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestALossIsAnEventLikeOthers(t *testing.T) {
	since := time.Date(2026, 11, 21, 15, 0, 0, 5e6, time.UTC)
	var h event.Hole
	h.Join(event.Hole{Where: event.LossGap, Count: 2, Since: since, Before: 4294967295, After: 2})
	h.Join(event.Hole{Where: event.LossGap, Count: 1, Since: since.Add(time.Second), Before: 7, After: 9})
	h.Sink = "file audit.log"
	line, err := event.AppendLine(nil, h.Event("worker-1", since.Add(2*time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema(t), line); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	const want = `{"time":"2026-11-21T15:00:02.005Z","serial":0,"node":"worker-1","type":"NODEAUDIT_LOST","who":{"confidence":"none"},` +
		`"fields":{"place":"gap","count":"3","since":"2026-11-21T15:00:00.005Z","lastSerial":"4294967295","nextSerial":"9","sink":"file audit.log"},` +
		`"records":[{"type":"NODEAUDIT_LOST","data":"audit(1795273202.005:0): place=gap count=3 since=2026-11-21T15:00:00.005Z ` +
		`lastSerial=4294967295 nextSerial=9 sink=66696C652061756469742E6C6F67"}]}`
	if got := strings.TrimSuffix(string(line), "\n"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
