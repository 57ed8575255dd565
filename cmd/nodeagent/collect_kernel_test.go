package main

import (
	"os"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// The agent becomes the node's audit daemon where the policy asks for it, carries events so, and gives the place back when it ends.
func TestKernelUnicastIsTakenAndGivenBack(t *testing.T) {
	client := kerneltest.Lock(t)
	auditd := func() uint32 {
		status, err := client.Status()
		if err != nil {
			t.Error(err)
		}
		return status.PID
	}
	if pid := auditd(); pid != 0 {
		t.Skipf("needs a machine without an audit daemon; process %d is it here", pid)
	}
	t.Run("the agent runs", func(t *testing.T) {
		dir := t.TempDir()
		events := carry(t, "--policy", unicastPolicy(t, dir), "--sinks", stdoutSink(t))
		wait(t, "the agent is the audit daemon", func() bool { return auditd() == uint32(os.Getpid()) })
		touch(t, dir+"/x")
		events(1)
	})
	if pid := auditd(); pid != 0 {
		t.Errorf("after the agent's end the audit daemon is %d", pid)
	}
}

func unicastPolicy(t *testing.T, dir string) string {
	t.Helper()
	return write(t, "policy.yaml", "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: test}\nspec:\n  collect: Unicast\n"+
		"  rules: -w "+dir+"/x -p wa -k "+key+"\n  routes: [{name: all, sinks: [out]}]\n")
}
