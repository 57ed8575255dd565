package converge_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/contest"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// augenrules is what somebody else's rules manager looks like in the kernel's record.
var augenrules = v1alpha1.Actor{PID: new(int64(7)), Exe: "/usr/sbin/auditctl", Comm: "auditctl", Parent: "augenrules", Unit: "auditd.service"}

const nameOfAugenrules = "auditctl (/usr/sbin/auditctl, started by augenrules, unit auditd.service, pid 7)"

// undo deletes a rule, and the agent learns of it.
func (w *world) undo(text string) {
	w.Helper()
	w.byHand(false, text)
	w.agent.Saw(converge.Change{Op: "remove_rule", Time: time.Now(), By: augenrules})
}

// fight lets somebody delete a rule until it is contested.
func (w *world) fight(text string, pass func() v1alpha1.NodeAuditReport) (last v1alpha1.NodeAuditReport) {
	w.Helper()
	for range contest.Default.After {
		w.undo(text)
		last = pass()
		if !slices.Contains(w.texts(), text) {
			w.Fatalf("the rule was not repaired: %+v", last.Drift)
		}
	}
	return last
}

func TestDriftSaysWhoDidIt(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker), kernel: v1alpha1.KernelSettings{BacklogLimit: new(int64(8192))}})
	w.inSync(state)
	w.undo(docker)
	drift := w.inSync(state).Drift
	if diff := cmp.Diff(&augenrules, drift.LastBy); diff != "" || drift.Count != 1 {
		t.Errorf("count %d, by (-want +got):\n%s", drift.Count, diff)
	}

	w.byHand(false, docker)
	w.agent.Saw(converge.Change{Op: "set", Time: time.Now(), By: augenrules}) // which deletes no rule
	w.agent.Saw(converge.Change{Op: "remove_rule", Time: time.Now()})         // which names nobody
	if by := w.inSync(state).Drift.LastBy; by != nil {
		t.Errorf("somebody who has done something else is blamed: %s", by)
	}
	// The record of what a pass has repaired may come after it.
	w.agent.Saw(converge.Change{Op: "remove_rule", Time: time.Now(), By: augenrules})
	if by := w.inSync(state).Drift.LastBy; by == nil {
		t.Error("a record that comes late names nobody")
	}

	if err := w.memory.Set(kernel.Settings{BacklogLimit: new(uint32(64))}); err != nil {
		t.Fatal(err)
	}
	w.agent.Saw(converge.Change{Op: "set", Time: time.Now(), By: augenrules})
	if drift := w.inSync(state).Drift; drift.Count != 3 || drift.LastBy == nil || !strings.Contains(drift.LastMessage, "backlog_limit is 64 and should be 8192") {
		t.Errorf("drift %+v", drift)
	}
}

func TestWhatSomebodyKeepsUndoingIsContested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.patience = contest.Default
		w.restart("boot-1")
		state := want(t, policy{name: "p", rules: lines(docker, naming)}, policy{name: "q", rules: lines(passwd)})
		w.inSync(state)
		since := time.Now().UTC()
		last := w.fight(docker, func() v1alpha1.NodeAuditReport { return w.agent.Pass(t.Context(), state) })

		if last.State != v1alpha1.NodeRulesDiffer || last.Reason != v1alpha1.ReasonContested || !strings.Contains(last.Message, nameOfAugenrules) {
			t.Errorf("state %s, reason %s: %s", last.State, last.Reason, last.Message)
		}
		if last.Policies[1].State != v1alpha1.NodeInSync {
			t.Errorf("the policy that nobody minds: %+v", last.Policies[1])
		}
		wanted := &v1alpha1.ContestReport{Count: 1, Since: metav1.NewTime(since.Truncate(time.Second)), By: &augenrules}
		if diff := cmp.Diff(wanted, last.Drift.Contested); diff != "" || !w.agent.Wake().IsZero() {
			t.Errorf("contested, and in place (-want +got):\n%s", diff)
		}

		// It is left alone now, the other rules are not.
		changes := w.memory.Changes()
		w.undo(docker)
		w.byHand(false, naming)
		report := w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonContested)
		if got := w.memory.Changes() - changes; got != 3 || slices.Contains(w.texts(), docker) {
			t.Errorf("%d changes were tried; the kernel holds %q", got, w.texts())
		}
		if next := report.Drift.Contested.NextRepair; next == nil || !next.Time.Equal(since.Truncate(time.Second).Add(contest.Default.Pause)) {
			t.Errorf("the next repair is at %v", next)
		}

		time.Sleep(time.Until(w.agent.Wake()))
		report = w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonContested)
		if !slices.Contains(w.texts(), docker) || report.Drift.Count != int64(contest.Default.After)+2 || report.Drift.Contested.NextRepair != nil {
			t.Errorf("after the pause: drift %+v, the kernel holds %q", report.Drift, w.texts())
		}

		// When the other has stopped, it is over.
		time.Sleep(contest.Default.Window)
		if report := w.inSync(state); report.Drift.Contested != nil {
			t.Errorf("contested: %+v", report.Drift.Contested)
		}
	})
}

func TestANewConfigurationBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.patience = contest.Default
		w.restart("boot-1")
		state := want(t, policy{name: "p", rules: lines(docker)})
		w.inSync(state)
		w.fight(docker, func() v1alpha1.NodeAuditReport { return w.agent.Pass(t.Context(), state) })
		w.undo(docker)
		w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonContested)
		w.inSync(want(t, policy{name: "p", rules: lines(docker, passwd)}))
	})
}

func TestASettingThatSomebodyKeepsChangingIsContested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.patience = contest.Default
		w.restart("boot-1")
		state := want(t, policy{name: "p", rules: lines(docker), kernel: v1alpha1.KernelSettings{BacklogLimit: new(int64(8192))}})
		w.inSync(state)
		limit := func() uint32 { status, _ := w.memory.Status(); return status.BacklogLimit }
		for range contest.Default.After + 1 {
			if limit() != 8192 {
				t.Fatal("the setting was not repaired")
			}
			if err := w.memory.Set(kernel.Settings{BacklogLimit: new(uint32(64))}); err != nil {
				t.Fatal(err)
			}
			w.agent.Pass(t.Context(), state)
		}
		w.pass(state, v1alpha1.NodeSettingsDiffer, v1alpha1.ReasonContested)
		if limit() != 64 || w.agent.Wake().IsZero() {
			t.Errorf("backlog limit %d, next repair %v", limit(), w.agent.Wake())
		}
	})
}

// A lock takes in what was left alone for a moment, and ends the contest.
func TestALockEndsAContest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.patience = contest.Default
		w.restart("boot-1")
		state := want(t, policy{name: "p", rules: lines(docker)})
		w.inSync(state)
		w.fight(docker, func() v1alpha1.NodeAuditReport { return w.agent.Pass(t.Context(), state) })
		w.undo(docker)
		w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonContested)
		enabled := func() uint32 { status, _ := w.memory.Status(); return status.Enabled }
		if enabled() != kernel.On {
			t.Fatalf("enabled %d", enabled())
		}
		locked := want(t, policy{name: "p", rules: lines(docker), kernel: v1alpha1.KernelSettings{Immutable: true}})
		w.inSync(locked)
		if enabled() != kernel.Locked || !slices.Contains(w.texts(), docker) {
			t.Errorf("enabled %d, the kernel holds %q", enabled(), w.texts())
		}
	})
}

func TestRulesOfOthersThatComeBackAgainAndAgainAreContested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.patience = contest.Default
		w.restart("boot-1")
		state := want(t, policy{name: "p", rules: lines(docker), remove: true})
		w.inSync(state)
		for range contest.Default.After {
			w.byHand(true, passwd)
			w.agent.Pass(t.Context(), state)
			w.holds(docker)
		}
		w.byHand(true, passwd)
		w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonContested)
		w.holds(docker, passwd)
		time.Sleep(time.Until(w.agent.Wake()))
		w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonContested)
		w.holds(docker)
	})
}
