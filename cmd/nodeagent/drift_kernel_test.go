package main

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	libaudit "github.com/elastic/go-libaudit/v2"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// somebody deletes our rules in a process that no agent has started. Its parent lives long enough to be looked at.
func somebody(t *testing.T) {
	t.Helper()
	out, err := exec.Command("sh", "-c", `"$0" "$1" && sleep 0.5`, os.Args[0], byHand).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestKernelWhoDeletesARuleIsNamed(t *testing.T) {
	client := kerneltest.Lock(t)
	foreign, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	words := alone(t, "--interval", "1h", "--policy", policyFile(t, "-w "+t.TempDir()+"/x -p wa -k "+key, ""))
	somebody(t)
	wait(t, "the rule is back", func() bool { return len(ours(t, client)) == 1 })
	wait(t, "the drift is reported", func() bool { return strings.Contains(words(), "drift: 1 times") })
	// The name of a process has 15 bytes, and its program is this test.
	if !strings.Contains(words(), os.Args[0]) || !strings.Contains(words(), "started by sh") {
		t.Errorf("it is not said who did it:\n%s", words())
	}
	rules, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range foreign {
		if !slices.Contains(rules, w) {
			t.Errorf("a rule of others is gone: %q", w)
		}
	}
}

func TestKernelWhoUndoesEverythingIsNotFoughtForEver(t *testing.T) {
	client := kerneltest.Lock(t)
	words := alone(t, "--interval", "1h", "--contest-after", "2", "--policy", policyFile(t, "-w "+t.TempDir()+"/x -p wa -k "+key, ""))
	for range 2 {
		somebody(t)
		wait(t, "the rule is back", func() bool { return len(ours(t, client)) == 1 })
	}
	wait(t, "the contest is reported", func() bool { return strings.Contains(words(), "Contested: ") })
	somebody(t)
	wait(t, "the rule is left alone", func() bool { return strings.Contains(words(), "contested: -w") })
	if got := ours(t, client); len(got) != 0 {
		t.Errorf("the rule was repaired at once: %q", got)
	}
	wait(t, "and repaired after a pause", func() bool { return len(ours(t, client)) == 1 })
}

// Another client of the multicast group, as Auditbeat is one, gets the records that the agent gets.
func TestKernelAnotherClientReadsBesideTheAgent(t *testing.T) {
	kerneltest.Lock(t)
	dir := t.TempDir()
	events := carry(t, "--policy", policyFile(t, "-w "+dir+"/x -p wa -k "+key, "out"), "--sinks", stdoutSink(t))
	client, err := libaudit.NewMulticastAuditClient(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	touch(t, dir+"/x")
	events(1)
	wait(t, "the other client has the record", func() bool {
		for {
			record, err := client.Receive(true)
			if errors.Is(err, syscall.EAGAIN) {
				return false
			}
			if err != nil && !errors.Is(err, syscall.EINTR) && !errors.Is(err, syscall.ENOBUFS) {
				t.Fatal(err)
			}
			if err == nil && strings.Contains(string(record.Data), `key="`+key+`"`) && !strings.Contains(string(record.Data), "op=") {
				return true
			}
		}
	})
}

// A policy that does not say Remove deletes nothing of others, whatever they do meanwhile.
func TestKernelRulesOfOthersAreNotTouched(t *testing.T) {
	client := kerneltest.Lock(t)
	theirs := kerneltest.Syscall(170, "cmd-nodeagent-others")
	if err := client.Add(theirs); err != nil {
		t.Fatal(err)
	}
	has := func() bool {
		rules, err := client.List()
		return err == nil && slices.ContainsFunc(rules, func(w rule.Wire) bool { return w.Canonical() == theirs.Canonical() })
	}
	words := alone(t, "--interval", "1h", "--policy", policyFile(t, "-w "+t.TempDir()+"/x -p wa -k "+key, ""))
	somebody(t)
	wait(t, "our rule is back", func() bool { return len(ours(t, client)) == 1 })
	if !has() {
		t.Error("theirs is gone")
	}
	if err := client.Delete(theirs); err != nil { // by whom it belongs to
		t.Fatal(err)
	}
	somebody(t)
	wait(t, "our rule is back once more", func() bool { return len(ours(t, client)) == 1 && strings.Contains(words(), "drift: 2 times") })
	if has() {
		t.Error("theirs was put back")
	}
}
