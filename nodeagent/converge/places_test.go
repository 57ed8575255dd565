package converge_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestARuleFollowsTheNameOfItsDirectoryAndNotTheDirectory(t *testing.T) {
	w := newWorld(t)
	const watch = "-w /etc/docker -p wa -k docker"
	state := want(t, policy{name: "p", rules: lines(watch)})
	w.inSync(state)
	before := w.memory.Changes()
	w.inSync(state)
	if w.memory.Changes() != before {
		t.Fatal("a rule was changed although nothing has happened to its directory")
	}
	dir := filepath.Join(w.root, "etc/docker")
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	w.inSync(state) // the kernel still has the rule, and there is nothing else to watch
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.restart("boot-1") // what was loaded for which directory survives the agent
	before = w.memory.Changes()
	report := w.inSync(state)
	if got := w.memory.Changes() - before; got != 2 {
		t.Errorf("%d changes, want the rule out and in again", got)
	}
	w.holds(watch)
	if report.Drift.Count != 0 {
		t.Errorf("the agent takes its own change for one of somebody else: %+v", report.Drift)
	}
	before = w.memory.Changes()
	w.inSync(state)
	if w.memory.Changes() != before {
		t.Error("the rule is loaded again and again")
	}
}
