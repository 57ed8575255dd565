package converge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/stage"
)

// staged stages what a pass has left to the next boot, as a host without auditd has it, and returns the words.
func (w *world) staged(state *desired.State, bootID string) string {
	w.Helper()
	set, found, known := w.agent.Staging(state)
	if !known {
		w.Fatal("nobody knows what to stage")
	}
	// Only the record is kept: the file and the unit would be this machine's.
	if set == nil {
		return ""
	}
	words := stage.Words(*set, host.New(w.root))
	if err := stage.Record(w.state, bootID, words, *set, found); err != nil {
		w.Fatal(err)
	}
	return words
}

// boot is the next one, which loads what was staged; nothing else survives.
func (w *world) boot(bootID, words string) {
	w.Helper()
	w.memory = kerneltest.New(w.root)
	w.kernel = w.memory
	lock := strings.HasSuffix(words, "-e 2\n")
	for line := range strings.SplitSeq(words, "\n") {
		if strings.HasPrefix(line, "-w") || strings.HasPrefix(line, "-a") {
			w.byHand(true, line)
		}
	}
	settings := kernel.Settings{Enabled: new(uint32(kernel.On))}
	if lock {
		settings.Enabled = new(uint32(kernel.Locked))
	}
	if strings.Contains(words, "-b 4096\n") {
		settings.BacklogLimit = new(uint32(4096))
	}
	if err := w.memory.Set(settings); err != nil {
		w.Fatal(err)
	}
	w.restart(bootID)
}

func TestWhatWasStagedIsTheAgentsOwnOnTheNextBoot(t *testing.T) {
	w := newWorld(t)
	limit := int64(4096)
	settings := v1alpha1.KernelSettings{Immutable: true, BacklogLimit: &limit}
	first := want(t, policy{name: "p", rules: lines(docker), kernel: settings})
	report := w.inSync(first)
	if report.Lock == nil || report.Lock.LockedBy != v1alpha1.LockedByNodeaudit || report.Lock.SinceBootID != "boot-1" {
		t.Errorf("lock %+v", report.Lock)
	}
	next := want(t, policy{name: "p", rules: lines(naming), kernel: settings})
	report = w.pass(next, v1alpha1.NodeRebootPending, v1alpha1.ReasonRebootPending)
	if diff := cmp.Diff([]string{naming}, report.Lock.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{docker}, report.Lock.Superfluous); diff != "" {
		t.Errorf("superfluous (-want +got):\n%s", diff)
	}

	w.boot("boot-2", w.staged(next, "boot-1"))
	before := w.memory.Changes()
	report = w.inSync(next)
	if report.Lock.LockedBy != v1alpha1.LockedByNodeaudit || report.Lock.SinceBootID != "boot-1" || report.Rules.Unmanaged != 0 || report.Lock.Missing != nil {
		t.Errorf("after the reboot: %+v, lock %+v", report.Rules, report.Lock)
	}
	if w.memory.Changes() != before {
		t.Error("a locked kernel was asked to change")
	}
	// Nobody asks any more: ours, so it waits for a reboot, and the next boot gets nothing.
	w.pass(want(t), v1alpha1.NodeRebootPending, v1alpha1.ReasonRebootPending)
	if words := w.staged(want(t), "boot-2"); words != "" {
		t.Errorf("staged for nobody: %s", words)
	}
}

func TestStagedRulesThatWereNotLockedAreReleasedLikeOthers(t *testing.T) {
	w := newWorld(t)
	if err := w.memory.Set(kernel.Settings{Enabled: new(uint32(kernel.Locked))}); err != nil {
		t.Fatal(err)
	}
	limit := int64(4096)
	state := want(t, policy{name: "p", rules: lines(docker), kernel: v1alpha1.KernelSettings{BacklogLimit: &limit}})
	report := w.pass(state, v1alpha1.NodeLocked, v1alpha1.ReasonLocked)
	if report.Lock == nil || report.Lock.LockedBy != v1alpha1.LockedByHost {
		t.Errorf("lock %+v", report.Lock)
	}
	words := w.staged(state, "boot-1")
	if strings.Contains(words, "-e 2") || !strings.Contains(words, docker) {
		t.Errorf("staged %q", words)
	}
	w.boot("boot-2", words)
	if report := w.inSync(state); report.Lock != nil {
		t.Errorf("lock %+v", report.Lock)
	}
	w.pass(want(t), v1alpha1.NodeInSync, v1alpha1.ReasonReleased)
	w.holds()
}

func TestAnUnknownStateStagesNothing(t *testing.T) {
	w := newWorld(t)
	if _, _, known := w.agent.Staging(nil); known {
		t.Error("without a configuration")
	}
	state := want(t, policy{name: "p", rules: lines(docker), kernel: v1alpha1.KernelSettings{Immutable: true}})
	if _, _, known := w.agent.Staging(state); known {
		t.Error("before the first pass")
	}
	if err := os.WriteFile(filepath.Join(w.state, "staged.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.restart("boot-9")
	w.inSync(state)
}
