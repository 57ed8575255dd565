package reboot

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

var (
	seen   = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	booted = seen.Add(time.Hour)
)

func open(t *testing.T, dir, bootID string) *Log {
	t.Helper()
	return Open(dir, bootID, booted, slog.New(slog.DiscardHandler))
}

func TestRebootsAreRecorded(t *testing.T) {
	note := func(enabled v1alpha1.AuditEnabled, outstanding ...string) func(*Log) error {
		return func(l *Log) error { return l.Note(seen, enabled, outstanding, "") }
	}
	end := func(l *Log) error { return l.End(seen) }
	for _, row := range []struct {
		name       string
		do         []func(*Log) error
		want       v1alpha1.RebootRecord
		unexpected bool
	}{
		{
			"a locked node that nobody wanted to reboot",
			[]func(*Log) error{note(v1alpha1.AuditLocked)},
			v1alpha1.RebootRecord{Before: v1alpha1.AuditLocked},
			true,
		},
		{
			"one that was shut down in good order was not expected to be either",
			[]func(*Log) error{note(v1alpha1.AuditLocked), end},
			v1alpha1.RebootRecord{Before: v1alpha1.AuditLocked, Orderly: true},
			true,
		},
		{
			"a locked node with a new configuration",
			[]func(*Log) error{note(v1alpha1.AuditLocked, "RebootPending"), end},
			v1alpha1.RebootRecord{Before: v1alpha1.AuditLocked, Orderly: true, Expected: true, Reasons: []string{"RebootPending"}},
			false,
		},
		{
			"what was outstanding counts as of the last look",
			[]func(*Log) error{note(v1alpha1.AuditLocked, "Sentinel"), note(v1alpha1.AuditLocked)},
			v1alpha1.RebootRecord{Before: v1alpha1.AuditLocked},
			true,
		},
		{"a node without a lock", []func(*Log) error{note(v1alpha1.AuditOn)}, v1alpha1.RebootRecord{Before: v1alpha1.AuditOn}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			first := open(t, dir, "one")
			for _, do := range row.do {
				if err := do(first); err != nil {
					t.Fatal(err)
				}
			}
			row.want.BootID, row.want.BootTime, row.want.LastSeen = "two", seconds(booted), seconds(seen)
			second := open(t, dir, "two")
			if diff := cmp.Diff(&row.want, second.Last()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := Condition(second.Last(), "", booted); (got != nil) != row.unexpected {
				t.Errorf("condition %+v", got)
			}
			if err := second.Note(booted, v1alpha1.AuditOn, nil, ""); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&row.want, open(t, dir, "two").Last()); diff != "" {
				t.Errorf("after a restart of the agent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFirstStartIsNoReboot(t *testing.T) {
	l := open(t, t.TempDir(), "one")
	if l.Last() != nil || Condition(l.Last(), "", booted) != nil {
		t.Errorf("a reboot: %+v", l.Last())
	}
}

func TestARestartOfTheAgentIsNoReboot(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, "one")
	if err := l.Note(seen, v1alpha1.AuditLocked, nil, ""); err != nil {
		t.Fatal(err)
	}
	if err := l.End(seen); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, "one")
	if again.Last() != nil {
		t.Errorf("a reboot: %+v", again.Last())
	}
	if err := again.Note(seen, v1alpha1.AuditLocked, nil, ""); err != nil {
		t.Fatal(err)
	}
	if after := open(t, dir, "two").Last(); after.Orderly {
		t.Error("the end of an earlier agent is taken for that of the boot")
	}
}

func TestARebootThatDidNotHelpIsNotAskedForAgain(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir, "one").Note(seen, v1alpha1.AuditLocked, []string{"RebootPending"}, "digest"); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir, "two")
	if !second.Tried("digest") || second.Tried("other") || second.Tried("") {
		t.Errorf("tried: %v, %v, %v", second.Tried("digest"), second.Tried("other"), second.Tried(""))
	}
}

func TestAConditionEnds(t *testing.T) {
	last := &v1alpha1.RebootRecord{BootID: "two", BootTime: seconds(booted), LastSeen: seconds(seen), Before: v1alpha1.AuditLocked}
	for name, row := range map[string]struct {
		acknowledged string
		after        time.Duration
		want         bool
	}{
		"it is true at first":                          {"", time.Minute, true},
		"it is acknowledged":                           {"two", time.Minute, false},
		"the reboot before was acknowledged, not this": {"one", time.Minute, true},
		"a week has passed":                            {"", remember, false},
	} {
		if got := Condition(last, row.acknowledged, booted.Add(row.after)); (got != nil) != row.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhatHasNotChangedIsWrittenSeldom(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, "one")
	written := func(after time.Duration) bool {
		_ = os.Remove(filepath.Join(dir, File))
		if err := l.Note(seen.Add(after), v1alpha1.AuditOn, nil, ""); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(filepath.Join(dir, File))
		return err == nil
	}
	for _, row := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {time.Minute, false}, {seenEvery, true}, {seenEvery + time.Second, false}, {-time.Hour, true}} {
		if got := written(row.after); got != row.want {
			t.Errorf("after %v: written %v", row.after, got)
		}
	}
}

func TestADamagedRecordIsBegunAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir, "one")
	if err := l.Note(seen, v1alpha1.AuditOn, nil, ""); err != nil || l.Last() != nil {
		t.Errorf("%v, %+v", err, l.Last())
	}
	if open(t, dir, "two").Last() == nil {
		t.Error("the next reboot is not recorded")
	}
}

func TestNeed(t *testing.T) {
	required := v1alpha1.BootSettings{Audit: v1alpha1.BootRequired, BacklogLimit: new(int64(8192))}
	boots := func(running, next v1alpha1.BootAudit, limit int64) *v1alpha1.BootReport {
		return &v1alpha1.BootReport{
			Running: v1alpha1.BootParameters{Audit: running, BacklogLimit: new(int64(8192))},
			Next:    v1alpha1.BootParameters{Audit: next, BacklogLimit: &limit},
		}
	}
	pending := v1alpha1.NodeAuditReport{
		Reason: "RebootPending", Policies: []v1alpha1.NodePolicyReport{{Name: "p", State: v1alpha1.NodeRebootPending}},
	}
	sentinel := nodeconfig.Policy{Name: "p", RebootSignal: v1alpha1.RebootSignalSentinel}
	with := func(p nodeconfig.Policy, change func(*nodeconfig.Policy)) []nodeconfig.Policy {
		change(&p)
		return []nodeconfig.Policy{p}
	}
	demands := func(p *nodeconfig.Policy) { p.Boot = required }
	for _, row := range []struct {
		name     string
		policies []nodeconfig.Policy
		report   v1alpha1.NodeAuditReport
		reason   string
		signal   bool
	}{
		{"nothing", []nodeconfig.Policy{sentinel}, v1alpha1.NodeAuditReport{}, "", false},
		{"a lock that is in the way", []nodeconfig.Policy{sentinel}, pending, "RebootPending", true},
		{"nobody asks for the signal", []nodeconfig.Policy{{Name: "p"}}, pending, "RebootPending", false},
		{"another policy asks for it, which needs no reboot", []nodeconfig.Policy{{Name: "p"}, {Name: "q", RebootSignal: "Sentinel"}}, pending, "RebootPending", false},
		{"a policy that only observes reboots nothing", with(sentinel, func(p *nodeconfig.Policy) { p.Mode = v1alpha1.ModeObserve }), pending, "RebootPending", false},
		{"a release waits for a reboot", nil, v1alpha1.NodeAuditReport{Reason: "RebootPending"}, "RebootPending", false},
		{"a lock of others does not go with a reboot", []nodeconfig.Policy{sentinel}, v1alpha1.NodeAuditReport{
			Reason: "Locked", Policies: []v1alpha1.NodePolicyReport{{Name: "p", State: v1alpha1.NodeLocked}},
		}, "", false},
		{"only the next boot has what is demanded", with(sentinel, demands), v1alpha1.NodeAuditReport{Boot: boots("Off", "On", 8192)}, "BootParameters", true},
		{"nothing is demanded of the boot", []nodeconfig.Policy{sentinel}, v1alpha1.NodeAuditReport{Boot: boots("Off", "On", 8192)}, "", false},
		{"the next boot does not have it either", with(sentinel, demands), v1alpha1.NodeAuditReport{Boot: boots("Off", "Mixed", 8192)}, "", false},
		{"the next boot has too small a backlog", with(sentinel, demands), v1alpha1.NodeAuditReport{Boot: boots("Off", "On", 64)}, "", false},
		{"both have it", with(sentinel, demands), v1alpha1.NodeAuditReport{Boot: boots("On", "On", 8192)}, "", false},
		{"nobody has looked", with(sentinel, demands), v1alpha1.NodeAuditReport{}, "", false},
	} {
		if reason, signal := Need(row.policies, row.report); reason != row.reason || signal != row.signal {
			t.Errorf("%s: %q, %v", row.name, reason, signal)
		}
	}
}
