//go:build vm

package vm

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// A node is a machine with the agent on it. What does not work at all ends the test.
type node struct {
	*Machine
	t *testing.T
}

// within is for one step of a test, a reboot on a busy machine included.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// resume continues a saved machine and brings the agent onto it.
func resume(t *testing.T, saved string) node {
	t.Helper()
	started := time.Now()
	m, err := Resume(within(t), image.Saved(saved))
	return begin(t, m, err, started)
}

// begin takes a machine over for the test.
func begin(t *testing.T, m *Machine, err error, started time.Time) node {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	n := node{m, t}
	t.Cleanup(n.end)
	t.Logf("the node answers after %.1f s", time.Since(started).Seconds())
	for _, program := range []string{agent, loader} {
		if err := m.Push(within(t), program, "/usr/local/bin/"+filepath.Base(program)); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// end stops the machine. The serial line of a failed test is kept.
func (n node) end() {
	if serial, err := n.Serial(); n.t.Failed() && err == nil {
		file := filepath.Join(project, ".local", "vm-serial-"+n.t.Name()+".log")
		if err := os.WriteFile(file, serial, 0o600); err == nil {
			n.t.Logf("what the node wrote to its serial line is in %s", file)
		}
	}
	if err := n.Stop(); err != nil {
		n.t.Error(err)
	}
}

// try runs a script in the guest.
func (n node) try(script string) Result {
	n.t.Helper()
	r, err := n.Sh(within(n.t), script)
	if err != nil {
		n.t.Fatalf("%s: %v", script, err)
	}
	return r
}

// sh runs a script that must succeed, and returns what it wrote.
func (n node) sh(script string) string {
	n.t.Helper()
	r := n.try(script)
	if r.Code != 0 {
		n.t.Fatalf("%s: exit status %d\n%s%s", script, r.Code, r.Out, r.Err)
	}
	return r.Out
}

func (n node) reboot() {
	n.t.Helper()
	started := time.Now()
	if err := n.Reboot(within(n.t)); err != nil {
		n.t.Fatal(err)
	}
	n.t.Logf("the node has rebooted in %.1f s", time.Since(started).Seconds())
}

// write writes a file in the guest.
func (n node) write(path, text string) {
	n.t.Helper()
	if r, err := n.Exec(within(n.t), []byte(text), "/bin/sh", "-c", "cat >"+path); err != nil || r.Code != 0 {
		n.t.Fatalf("writing %s: %v %s", path, err, r.Err)
	}
}

// once runs the agent once with a policy of these rules and settings, and returns its exit status and what it reports.
func (n node) once(rules, kernel string) (int, v1alpha1.NodeAuditReport) {
	n.t.Helper()
	n.write("/tmp/policy.yaml", policy(rules, kernel))
	return n.report("nodeagent --policy /tmp/policy.yaml --once -o json")
}

// release lets the agent take out what it has put in.
func (n node) release() (int, v1alpha1.NodeAuditReport) {
	n.t.Helper()
	return n.report("nodeagent --release -o json")
}

func (n node) report(command string) (int, v1alpha1.NodeAuditReport) {
	n.t.Helper()
	r := n.try(command)
	var report v1alpha1.NodeAuditReport
	if err := json.Unmarshal([]byte(r.Out), &report); err != nil {
		n.t.Fatalf("%s: exit status %d, %v\n%s%s", command, r.Code, err, r.Out, r.Err)
	}
	n.t.Logf("%s: exit status %d, %s (%s): %s", command, r.Code, report.State, report.Reason, report.Message)
	return r.Code, report
}

// policy is loaded as it is written, so that auditctl lists it in the same words.
func policy(rules, kernel string) string {
	text := "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: test}\nspec:\n" +
		"  optimize: false\n  kernel: {" + kernel + "}\n  rules: |\n"
	for line := range strings.Lines(rules) {
		text += "    " + line
	}
	return text
}

// rules returns what the kernel lists, as the guest's own auditctl prints it.
func (n node) rules() string {
	n.t.Helper()
	listed := n.sh("auditctl -l")
	if listed == "No rules\n" {
		return ""
	}
	return listed
}

// settings returns what auditctl -s prints, without what counts by itself.
func (n node) settings() string {
	n.t.Helper()
	return n.sh("auditctl -s | grep -vE '^(lost|backlog|backlog_wait_time_actual) '")
}

// enabled returns 0, 1, or 2 for a locked audit system.
func (n node) enabled() string {
	n.t.Helper()
	return strings.TrimSpace(n.sh("auditctl -s | sed -n 's/^enabled //p'"))
}
