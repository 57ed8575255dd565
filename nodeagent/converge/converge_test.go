package converge_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

const (
	docker = "-w /etc/docker -p wa -k docker"
	passwd = "-w /etc/passwd -p wa -k identity"
	naming = "-a always,exit -F arch=b64 -S sethostname -F key=host"
	silent = "-a never,exit -F arch=b64 -S mkdir"
)

func lines(rules ...string) string { return strings.Join(rules, "\n") + "\n" }

func TestRulesAndSettingsBecomeTrue(t *testing.T) {
	w := newWorld(t)
	report := w.inSync(want(t, policy{
		name: "p", rules: lines(docker, naming), kernel: v1alpha1.KernelSettings{BacklogLimit: new(int64(8192)), FailureMode: v1alpha1.FailureModePanic},
	}))
	w.holds(docker, naming)
	status, _ := w.memory.Status()
	if status.Enabled != kernel.On || status.BacklogLimit != 8192 || status.Failure != 2 {
		t.Errorf("status %+v", status)
	}
	if report.Rules.Wanted != 2 || report.Rules.Loaded != 2 || report.Rules.Unmanaged != 0 || report.Kernel.Enabled != v1alpha1.AuditOn ||
		report.InSyncSince == nil || report.Policies[0].State != v1alpha1.NodeInSync {
		t.Errorf("report %+v", report)
	}
}

func TestASecondPassChangesNothing(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker, naming, "-w /missing/x -p wa -k x")})
	w.inSync(state)
	before := w.memory.Changes()
	since := w.inSync(state).InSyncSince
	if got := w.memory.Changes() - before; got != 0 {
		t.Errorf("%d changes were tried", got)
	}
	if again := w.inSync(state).InSyncSince; again != since {
		t.Error("in sync since another time, although nothing has happened")
	}
}

func TestOnlyTheDifferenceIsApplied(t *testing.T) {
	w := newWorld(t)
	w.inSync(want(t, policy{name: "p", rules: lines(docker, naming)}))
	before := w.memory.Changes()
	w.inSync(want(t, policy{name: "p", rules: lines(docker, passwd)}))
	w.holds(docker, passwd)
	if got := w.memory.Changes() - before; got != 2 {
		t.Errorf("%d changes for one rule that came and one that went", got)
	}
}

func TestNewRulesAreAddedBeforeOldOnesAreDeleted(t *testing.T) {
	w := newWorld(t)
	w.inSync(want(t, policy{name: "p", rules: lines(docker, naming)}))
	var order []string
	w.kernel = spy{Kernel: w.memory, see: func(c kernel.Change) { order = append(order, c.Op.String()) }}
	w.restart("boot-1")
	w.inSync(want(t, policy{name: "p", rules: lines(passwd, "-w /usr/bin/x -p x -k x")}))
	if want := []string{"adding a rule", "adding a rule", "deleting a rule", "deleting a rule"}; !slices.Equal(order, want) {
		t.Errorf("changes were %q", order)
	}
}

// spy sees each change before it is made.
type spy struct {
	converge.Kernel
	see func(kernel.Change)
}

func (s spy) Apply(ctx context.Context, changes []kernel.Change) []error {
	var errs []error
	for _, change := range changes {
		s.see(change)
		errs = append(errs, s.Kernel.Apply(ctx, []kernel.Change{change})...)
	}
	return errs
}

func TestRulesOfOthersStay(t *testing.T) {
	w := newWorld(t)
	w.byHand(true, passwd)
	report := w.inSync(want(t, policy{name: "p", rules: lines(docker)}))
	if report.Rules.Unmanaged != 1 {
		t.Errorf("%d unmanaged rules, want 1", report.Rules.Unmanaged)
	}
	w.inSync(want(t, policy{name: "p", rules: lines(docker, passwd)}))
	w.pass(want(t), v1alpha1.NodeInSync, v1alpha1.ReasonReleased)
	w.holds(passwd)
}

func TestRulesOfOthersGoWhereAPolicySaysSo(t *testing.T) {
	w := newWorld(t)
	w.byHand(true, passwd)
	state := want(t, policy{name: "p", rules: lines(docker), remove: true})
	w.inSync(state)
	w.holds(docker)
	w.byHand(true, passwd)
	if drift := w.inSync(state).Drift; drift.Count != 1 || !strings.Contains(drift.LastMessage, "no policy declares") {
		t.Errorf("drift %+v", drift)
	}
	w.holds(docker)
}

func TestModeObserveChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.byHand(true, docker)
	report := w.pass(want(t, policy{
		name: "p", mode: v1alpha1.ModeObserve, rules: lines(docker, passwd), remove: true, kernel: v1alpha1.KernelSettings{Immutable: true},
	}), v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleMissing)
	if w.memory.Changes() != 1 { // the one by hand
		t.Errorf("%d changes were tried", w.memory.Changes()-1)
	}
	if report.Rules.Loaded != 1 || len(report.Rules.Problems) != 1 || report.Rules.Problems[0].Reason != "Missing" {
		t.Errorf("rules %+v", report.Rules)
	}
}

func TestAPolicyThatTurnsToObserveTakesItsRulesOut(t *testing.T) {
	w := newWorld(t)
	w.inSync(want(t, policy{name: "p", rules: lines(docker)}))
	w.pass(want(t, policy{name: "p", mode: v1alpha1.ModeObserve, rules: lines(docker)}), v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleMissing)
	w.holds()
}

func TestReleaseRestoresWhatWasFound(t *testing.T) {
	w := newWorld(t)
	before, _ := w.memory.Status()
	w.inSync(want(t, policy{name: "p", rules: lines(docker, naming), kernel: v1alpha1.KernelSettings{BacklogLimit: new(int64(8192)), FailureMode: v1alpha1.FailureModePanic}}))
	w.restart("boot-1")
	w.inSync(want(t, policy{name: "p", rules: lines(docker)})) // no longer asks for settings
	if now, _ := w.memory.Status(); now.BacklogLimit != before.BacklogLimit || now.Failure != before.Failure || now.Enabled != kernel.On {
		t.Errorf("settings that nobody asks for any more are %+v, were %+v", now, before)
	}
	w.pass(want(t), v1alpha1.NodeInSync, v1alpha1.ReasonReleased)
	w.holds()
	if now, _ := w.memory.Status(); now != before {
		t.Errorf("settings are %+v, were %+v", now, before)
	}
}

func TestWithoutAConfigurationNothingChanges(t *testing.T) {
	w := newWorld(t)
	w.byHand(true, docker)
	report := w.pass(nil, v1alpha1.NodeUnknown, v1alpha1.ReasonNoConfig)
	w.holds(docker)
	if report.Kernel == nil || report.Rules.Unmanaged != 1 {
		t.Errorf("report %+v", report)
	}
}

func TestARuleThatIsDeletedByHandComesBackAndCountsAsDrift(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker, naming)})
	w.inSync(state)
	w.byHand(false, docker)
	drift := w.inSync(state).Drift
	if drift.Count != 1 || drift.LastTime == nil || !strings.Contains(drift.LastMessage, docker) {
		t.Errorf("drift %+v", drift)
	}
	w.holds(docker, naming)
	w.restart("boot-1")
	if again := w.inSync(state).Drift; again.Count != 1 {
		t.Errorf("after a restart drift is %+v", again)
	}
	w.restart("boot-2")
	if fresh := w.inSync(state).Drift; fresh.Count != 0 {
		t.Errorf("after a reboot drift is %+v", fresh)
	}
}

func TestASettingThatIsChangedByHandComesBackAndCountsAsDrift(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker)})
	w.inSync(state)
	if err := w.memory.Set(kernel.Settings{Enabled: new(uint32(kernel.Off))}); err != nil {
		t.Fatal(err)
	}
	report := w.inSync(state)
	if report.Drift.Count != 1 || report.Drift.LastMessage != "enabled is 0 and should be 1" || report.Kernel.Enabled != v1alpha1.AuditOn {
		t.Errorf("drift %+v, enabled %s", report.Drift, report.Kernel.Enabled)
	}
}

func TestARuleWaitsForItsPath(t *testing.T) {
	w := newWorld(t)
	waiting := "-w /opt/tool/bin -p x -k tool"
	state := want(t, policy{name: "p", rules: lines(docker, waiting)})
	report := w.inSync(state)
	if len(report.Rules.Problems) != 1 || report.Rules.Problems[0].Reason != "Waiting" || report.Rules.Loaded != 1 ||
		!strings.Contains(report.Policies[0].Message, "1 of 2 rules wait") {
		t.Errorf("rules %+v, message %q", report.Rules, report.Policies[0].Message)
	}
	w.mkdir("opt/tool")
	if report = w.inSync(state); report.Rules.Loaded != 2 || report.Drift.Count != 0 {
		t.Errorf("rules %+v, drift %+v", report.Rules, report.Drift)
	}
	w.holds(docker, waiting)
	w.mkdir("opt/tool/bin") // from a file that is awaited to a directory
	w.inSync(state)
	if n := len(w.texts()); n != 2 {
		t.Errorf("%d rules in the kernel: %q", n, w.texts())
	}
	w.remove("opt/tool")
	if report = w.inSync(state); report.Rules.Loaded != 1 || report.Drift.Count != 0 {
		t.Errorf("after the directory went: rules %+v, drift %+v", report.Rules, report.Drift)
	}
}

func TestARuleForAUserThatTheNodeDoesNotHave(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines("-a always,exit -F arch=b64 -S sethostname -F auid=chrony -k c", naming)})
	report := w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleUnresolved)
	if !strings.Contains(report.Message, `"chrony"`) || report.Rules.Loaded != 1 {
		t.Errorf("message %q, rules %+v", report.Message, report.Rules)
	}
	users := filepath.Join(w.root, "etc/passwd")
	if err := os.WriteFile(users+"+", []byte("root:x:0:0\nchrony:x:994:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(users+"+", users); err != nil {
		t.Fatal(err)
	}
	w.inSync(state)
}

func TestARuleThatTheKernelRefuses(t *testing.T) {
	w := newWorld(t)
	w.kernel = refuser{w.memory}
	w.restart("boot-1")
	state := want(t, policy{name: "p", rules: lines(docker, naming)})
	report := w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleRefused)
	if !strings.Contains(report.Message, "sethostname") || !strings.Contains(report.Message, "invalid argument") {
		t.Errorf("message %q", report.Message)
	}
	w.holds(docker)
	before := w.memory.Changes()
	w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleRefused)
	if w.memory.Changes() != before {
		t.Error("a rule that was refused was tried again at once")
	}
}

// refuser is a kernel that takes no rules on system calls.
type refuser struct{ converge.Kernel }

func (r refuser) Apply(ctx context.Context, changes []kernel.Change) []error {
	errs := r.Kernel.Apply(ctx, changes)
	for i, change := range changes {
		if !strings.Contains(string(change.Rule), "docker") && change.Op == kernel.Add {
			_ = r.Kernel.Apply(ctx, []kernel.Change{{Op: kernel.Delete, Rule: change.Rule}})
			errs[i] = fmt.Errorf("adding a rule: %w", unix.EINVAL)
		}
	}
	return errs
}

func TestALockByNodeauditComesLastAndHolds(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker, "-w /missing/x -p wa -k x"), kernel: v1alpha1.KernelSettings{Immutable: true}})
	if report := w.inSync(state); report.Kernel.Enabled != v1alpha1.AuditLocked {
		t.Errorf("enabled is %s", report.Kernel.Enabled)
	}
	before := w.memory.Changes()
	w.restart("boot-1")
	w.inSync(state)
	next := want(t, policy{name: "p", rules: lines(docker, naming), kernel: v1alpha1.KernelSettings{Immutable: true}})
	report := w.pass(next, v1alpha1.NodeRebootPending, v1alpha1.ReasonRebootPending)
	if !strings.Contains(report.Message, "reboot the node") {
		t.Errorf("message %q", report.Message)
	}
	w.pass(want(t), v1alpha1.NodeRebootPending, v1alpha1.ReasonRebootPending)
	w.holds(docker)
	if w.memory.Changes() != before {
		t.Error("a locked kernel was asked to change")
	}
}

func TestALockThatWasThereBefore(t *testing.T) {
	w := newWorld(t)
	w.byHand(true, passwd)
	if err := w.memory.Set(kernel.Settings{Enabled: new(uint32(kernel.Locked))}); err != nil {
		t.Fatal(err)
	}
	before := w.memory.Changes()
	report := w.pass(want(t, policy{name: "p", rules: lines(docker)}), v1alpha1.NodeLocked, v1alpha1.ReasonLocked)
	if !strings.Contains(report.Message, "before nodeaudit came") {
		t.Errorf("message %q", report.Message)
	}
	w.inSync(want(t, policy{name: "p", rules: lines(passwd)}))
	if w.memory.Changes() != before {
		t.Error("a locked kernel was asked to change")
	}
}

func TestANodeThatCannotBeAudited(t *testing.T) {
	for name, test := range map[string]struct {
		cause  kernel.Cause
		advice string
	}{
		"the kernel has no audit system, or audit=0":     {kernel.NoKernelSupport, "CONFIG_AUDIT"},
		"the agent lacks CAP_AUDIT_CONTROL":              {kernel.NoCapability, "AUDIT_CONTROL"},
		"the agent is not in the initial pid namespace":  {kernel.NotInitialPIDNamespace, "hostPID"},
		"the agent is not in the initial user namespace": {kernel.NotInitialUserNamespace, "hostUsers"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.memory.Break(&kernel.UnsupportedError{Cause: test.cause, Err: unix.EPERM})
			report := w.pass(want(t, policy{name: "p", rules: lines(docker)}), v1alpha1.NodeUnsupported, string(test.cause))
			if !strings.Contains(report.Message, test.advice) || report.Policies[0].State != v1alpha1.NodeUnsupported || report.Kernel != nil {
				t.Errorf("report %+v", report)
			}
			w.memory.Break(nil)
			w.inSync(want(t, policy{name: "p", rules: lines(docker)}))
		})
	}
}

func TestAKernelThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.memory.Break(errors.New("no answer"))
	w.pass(want(t, policy{name: "p", rules: lines(docker)}), v1alpha1.NodeUnknown, v1alpha1.ReasonObserveError)
}

func TestWithoutItsStateDirectoryTheAgentChangesNothing(t *testing.T) {
	w := newWorld(t)
	if err := os.RemoveAll(w.state); err != nil {
		t.Fatal(err)
	}
	report := w.pass(want(t, policy{name: "p", rules: lines(docker)}), v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleMissing)
	if !strings.Contains(report.Message, "writing down what the agent is about to do") {
		t.Errorf("message %q", report.Message)
	}
	if w.memory.Changes() != 0 {
		t.Error("rules were changed that the next agent would not know as its own")
	}
}

// An agent that is killed leaves nothing that the next one cannot tell: whatever it had done, the next pass ends in the same place.
func TestAnAgentThatIsKilledBetweenTwoChanges(t *testing.T) {
	old := want(t, policy{name: "p", rules: lines(docker, naming), kernel: v1alpha1.KernelSettings{BacklogLimit: new(int64(1000))}})
	next := want(t, policy{name: "p", rules: lines(passwd, naming, "-w /usr/bin/x -p x -k x"), kernel: v1alpha1.KernelSettings{BacklogLimit: new(int64(2000))}})
	for after := range 5 {
		t.Run(fmt.Sprintf("after %d", after), func(t *testing.T) {
			w := newWorld(t)
			found, _ := w.memory.Status()
			w.byHand(true, "-w /usr -p wa -k foreign")
			w.inSync(old)
			w.kernel = &mortal{Kernel: w.memory, left: after}
			w.restart("boot-1")
			killed(func() { w.agent.Pass(t.Context(), next) })

			w.kernel = w.memory
			w.restart("boot-1")
			w.inSync(next)
			got := w.texts()
			slices.Sort(got)
			expected := []string{"-w /usr -p wa -k foreign", passwd, naming, "-w /usr/bin/x -p x -k x"}
			slices.Sort(expected)
			if !slices.Equal(got, expected) {
				t.Errorf("the kernel holds %q, want %q", got, expected)
			}
			w.restart("boot-1")
			w.pass(want(t), v1alpha1.NodeInSync, v1alpha1.ReasonReleased)
			w.holds("-w /usr -p wa -k foreign")
			if now, _ := w.memory.Status(); now != found {
				t.Errorf("settings are %+v, were %+v", now, found)
			}
		})
	}
}

type death struct{}

// killed runs f until mortal dies in it, or to its end.
func killed(f func()) {
	defer func() {
		if r := recover(); r != nil && r != (death{}) {
			panic(r)
		}
	}()
	f()
}

// mortal makes some changes of rules, and then ends the agent in the middle.
type mortal struct {
	converge.Kernel
	left int
}

func (m *mortal) Apply(ctx context.Context, changes []kernel.Change) []error {
	for _, change := range changes {
		if m.left == 0 {
			panic(death{})
		}
		m.left--
		m.Kernel.Apply(ctx, []kernel.Change{change})
	}
	panic(death{})
}

func TestANeverRuleStandsWhereItDecides(t *testing.T) {
	w := newWorld(t)
	w.inSync(want(t, policy{name: "p", rules: lines(docker, naming)}))
	w.inSync(want(t, policy{name: "p", rules: lines(docker, silent, naming)}))
	w.holds(docker, silent, naming)
	w.inSync(want(t, policy{name: "p", rules: lines(silent, docker, naming)}))
	w.holds(silent, docker, naming)
}

func TestAPolicyOfHigherPriorityComesFirstInTheKernel(t *testing.T) {
	w := newWorld(t)
	low := policy{name: "low", rules: lines(docker)}
	w.inSync(want(t, low))
	w.inSync(want(t, policy{name: "high", rules: lines(naming, passwd)}, low))
	w.holds(naming, passwd, docker)
}

func TestARuleThatIsThereTwiceIsThereOnceAgain(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker, naming)})
	w.inSync(state)
	if err := w.memory.Add(w.wire(naming).AtFirst()); err != nil {
		t.Fatal(err)
	}
	w.inSync(state)
	if got := w.texts(); len(got) != 2 {
		t.Errorf("the kernel holds %q", got)
	}
}

func TestPoliciesShareARule(t *testing.T) {
	w := newWorld(t)
	one, other := policy{name: "one", rules: lines(docker, passwd)}, policy{name: "other", rules: lines("-w /etc/docker/ -p aw -k docker", naming)}
	if report := w.inSync(want(t, one, other)); report.Rules.Wanted != 3 || report.Rules.Loaded != 3 {
		t.Errorf("rules %+v", report.Rules)
	}
	w.inSync(want(t, other))
	w.holds(docker, naming)
}

// Nodes of a test cluster on one machine have one kernel.
func TestTwoAgentsOnOneKernel(t *testing.T) {
	w := newWorld(t)
	first := w.agent
	w.state = t.TempDir()
	w.restart("boot-1")
	second := w.agent
	state := want(t, policy{name: "p", rules: lines(docker, naming)})
	for _, agent := range []*converge.Converger{first, second, first} {
		if report := agent.Pass(t.Context(), state); report.State != v1alpha1.NodeInSync || report.Drift.Count != 0 {
			t.Fatalf("report %+v", report)
		}
	}
	for range 2 {
		for _, agent := range []*converge.Converger{second, first} {
			agent.Pass(t.Context(), want(t))
		}
	}
	w.holds()
}

func TestADamagedLedgerStopsNothing(t *testing.T) {
	w := newWorld(t)
	state := want(t, policy{name: "p", rules: lines(docker)})
	w.inSync(state)
	ledger := filepath.Join(w.state, "kernel.json")
	if err := os.WriteFile(ledger, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.restart("boot-1")
	w.inSync(state)
	w.pass(want(t), v1alpha1.NodeInSync, v1alpha1.ReasonReleased)
	w.holds(docker)
	if _, err := os.Stat(ledger + ".damaged"); err != nil {
		t.Error(err)
	}
}

func TestACancelledPassStops(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.agent.Pass(ctx, want(t, policy{name: "p", rules: lines(docker)}))
	w.holds()
}
