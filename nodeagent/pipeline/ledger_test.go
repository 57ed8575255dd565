package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

func TestASerialCountsOnceWheneverItComes(t *testing.T) {
	for name, test := range map[string]struct {
		come []uint32
		want []bool
	}{
		"in order":                   {[]uint32{5, 6, 7}, []bool{true, true, true}},
		"an event in two parts":      {[]uint32{5, 6, 5, 6, 7}, []bool{true, true, false, false, true}},
		"late":                       {[]uint32{5, 8, 6, 7, 6}, []bool{true, true, true, true, false}},
		"late in the middle":         {[]uint32{5, 10, 7, 6, 8, 7, 9, 9}, []bool{true, true, true, true, true, false, true, false}},
		"before the first":           {[]uint32{5, 4}, []bool{true, false}},
		"over the end of numbers":    {[]uint32{4294967294, 2, 4294967295, 1, 4294967295}, []bool{true, true, true, true, false}},
		"none that is of the kernel": {[]uint32{0, 5, 0, 6}, []bool{false, true, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var s serials
			var got []bool
			for _, serial := range test.come {
				got = append(got, s.come(serial))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("whether %v is new (-want +got):\n%s", test.come, diff)
			}
		})
	}
}

func TestHolesThatAreRememberedAreBounded(t *testing.T) {
	var s serials
	for i := range uint32(3 * maxHoles) {
		s.come(2*i + 1)
	}
	if len(s.holes) > maxHoles {
		t.Errorf("%d are", len(s.holes))
	}
	if last := uint32(6*maxHoles - 2); !s.come(last) || s.come(last) || s.come(2) {
		t.Error("the newest hole is not filled, or the oldest one is")
	}
}

// accounts reads those of a file.
func accounts(t *testing.T, p *Pipeline, file string) []event.Account {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.options.LogDir, file))
	if err != nil {
		t.Fatal(err)
	}
	boot, err := host.BootID()
	if err != nil {
		t.Fatal(err)
	}
	var list []event.Account
	for line := range bytes.Lines(text) {
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != event.TypeAccount {
			continue
		}
		a, err := event.ReadAccount(e.Fields)
		if err != nil || a.Boot != boot || e.Node != "node" {
			t.Fatalf("%s: %v", line, err)
		}
		a.Boot = ""
		list = append(list, a)
	}
	return list
}

const (
	begins = event.AccountBegin
	isDue  = event.AccountDue
	ends   = event.AccountEnd
)

func TestEachSignedFileIsToldWhatBecameOfEverySerial(t *testing.T) {
	var out bytes.Buffer
	p := road(t, Options{StateDir: t.TempDir(), Stdout: &out})
	p.Configure([]v1alpha1.Route{to("docker", "docker", "out")},
		[]nodeconfig.Sink{fileSink("docker", "docker.log", 3), {Name: "out", Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout}}})
	now := time.Now()
	tick := func() { now = now.Add(accountEvery); p.sinks.settle(&p.losses, now) }

	tick() // nothing has happened yet
	p.happens(101, 1, "docker")
	p.happens(102, 1, "other")
	p.happens(103, os.Getpid(), "other") // the agent's own
	tick()
	p.happens(106, 1, "docker") // 104 is late, 105 never comes
	p.happens(106, 1, "docker") // a second part
	tick()
	p.happens(104, 1, "docker")
	p.happens(107, 1, "other")
	tick()
	p.happens(108, 1, "other")
	for range 20 { // nothing is there for docker.log
		tick()
	}
	for serial := range uint32(400) { // but after a while it is told all the same
		p.happens(109+serial, 1, "other")
		tick()
	}
	p.happens(509, 1, "docker")
	p.sinks.stopAll()

	want := []event.Account{
		{At: begins, After: 100, To: 100},
		{At: isDue, After: 100, To: 103, Received: 3, Kept: 1},
		{At: isDue, After: 103, To: 106, Received: 2, Kept: 2},
	}
	docker := accounts(t, p, "docker.log")
	if diff := cmp.Diff(want, docker[:3]); diff != "" {
		t.Errorf("docker.log (-want +got):\n%s", diff)
	}
	// Afterwards one every five minutes or so, and all serials are in one of them.
	rest := event.Account{After: 106, To: 106}
	for i, a := range docker[3:] {
		if a.After != rest.To || (a.At == ends) != (i == len(docker)-4) {
			t.Errorf("after %d comes %+v", rest.To, a)
		}
		rest.To, rest.Received, rest.Kept = a.To, rest.Received+a.Received, rest.Kept+a.Kept
	}
	if diff := cmp.Diff(event.Account{After: 106, To: 509, Received: 403, Kept: 1}, rest); diff != "" {
		t.Errorf("the rest of docker.log (-want +got):\n%s", diff)
	}
	if n := len(docker) - 3; n < 400*10/300 || n > 2+420*10/300 {
		t.Errorf("docker.log was told %d times in 70 minutes", n)
	}
	if got := accounts(t, p, "audit.log"); len(got) < 400 || got[len(got)-1].At != ends || got[len(got)-1].To != 509 {
		t.Errorf("audit.log was told %d times", len(got))
	}
	if bytes.Contains(out.Bytes(), []byte(event.TypeAccount)) {
		t.Error("standard output has accounts")
	}
}

func TestAFileThatIsConfiguredAnewIsToldFromWhereItWas(t *testing.T) {
	p := road(t, Options{StateDir: t.TempDir()})
	route := []v1alpha1.Route{to("docker", "docker")}
	p.Configure(route, []nodeconfig.Sink{fileSink("docker", "docker.log", 3)})
	p.happens(7, 1, "docker")
	p.Configure(route, []nodeconfig.Sink{fileSink("docker", "docker.log", 4)})
	p.happens(9, 1, "docker")
	p.sinks.stopAll()
	want := []event.Account{
		{At: begins, After: 6, To: 6},
		{At: ends, After: 6, To: 7, Received: 1, Kept: 1},
		{At: begins, After: 7, To: 7},
		{At: ends, After: 7, To: 9, Received: 1, Kept: 1},
	}
	if diff := cmp.Diff(want, accounts(t, p, "docker.log")); diff != "" {
		t.Errorf("docker.log (-want +got):\n%s", diff)
	}
}

func TestAnAccountWaitsForRoomAndForTheLosses(t *testing.T) {
	p := road(t, Options{StateDir: t.TempDir()})
	p.happens(1, 1, "k")
	target := p.sinks.defaultPlace()
	place := p.sinks.places[target]
	offer, room := place.ledger.offer, false
	place.ledger.offer = func(a event.Account) bool { return room && offer(a) }
	now := time.Now()
	tick := func() { now = now.Add(accountEvery); p.sinks.settle(&p.losses, now) }
	tick()
	p.happens(2, 1, "k")
	tick() // there is no room
	p.happens(5, 1, "k")
	tick() // nor now
	room = true
	p.lose(event.Hole{Where: event.LossGap, Count: 2, Since: now, Before: 2, After: 5})
	tick() // but a loss that is not said
	p.sinks.say(&p.losses, "node")
	tick()
	p.sinks.stopAll()
	want := []event.Account{
		{At: begins, After: 0, To: 0},
		{At: isDue, After: 0, To: 1, Received: 1, Kept: 1},
		{At: ends, After: 1, To: 5, Received: 2, Kept: 2},
	}
	if diff := cmp.Diff(want, accounts(t, p, "audit.log")); diff != "" {
		t.Errorf("audit.log (-want +got):\n%s", diff)
	}
}
