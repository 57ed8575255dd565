package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestAnAccountIsAnEventLikeOthers(t *testing.T) {
	a := event.Account{At: event.AccountDue, Boot: "1f6d", After: 4294967290, To: 4, Received: 8, Kept: 5, Dropped: 1}
	line, err := event.AppendLine(nil, a.Event("worker-1", time.Date(2026, 11, 21, 15, 0, 0, 5e6, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema(t), line); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	const want = `{"time":"2026-11-21T15:00:00.005Z","serial":0,"node":"worker-1","type":"NODEAUDIT_ACCOUNT","who":{"confidence":"none"},` +
		`"fields":{"at":"due","boot":"1f6d","afterSerial":"4294967290","toSerial":"4","received":"8","kept":"5","dropped":"1"},` +
		`"records":[{"type":"NODEAUDIT_ACCOUNT","data":"audit(1795273200.005:0): at=due boot=1f6d afterSerial=4294967290 toSerial=4 ` +
		"received=8 kept=5 dropped=1\"}]}\n"
	if diff := cmp.Diff(want, string(line)); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
	var e event.Event
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatal(err)
	}
	if got, err := event.ReadAccount(e.Fields); err != nil || got != a {
		t.Errorf("read again it is %+v, %v", got, err)
	}
	if n := a.Serials(); n != 9 {
		t.Errorf("the stretch has %d serials, want 9: 4294967291 to 4294967295 and 1 to 4", n)
	}
}

func TestAnAccountThatIsNoneIsRefused(t *testing.T) {
	whole := event.Account{At: event.AccountEnd}
	for _, name := range []string{"afterSerial", "toSerial", "received", "kept", "dropped"} {
		for _, value := range []string{"", "-1", "x"} {
			fields := whole.Event("n", time.Now()).Fields
			for i := range fields {
				if fields[i].Name == name {
					fields[i].Value = value
				}
			}
			if got, err := event.ReadAccount(fields); err == nil {
				t.Errorf("with %s=%s it is %+v", name, value, got)
			}
		}
	}
}
