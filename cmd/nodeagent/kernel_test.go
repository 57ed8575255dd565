package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

const key = "cmd-nodeagent-test"

// ours returns the rules of these tests in the kernel.
func ours(t *testing.T, client *kernel.Client) []string {
	t.Helper()
	rules, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, w := range rules {
		if r, err := rule.Decode(w); err == nil && slices.Contains(r.Keys(), key) {
			texts = append(texts, r.String())
		}
	}
	return texts
}

// A path rule means the file below --host-root, as it does for an agent in a container: touching that file makes an event, and touching the
// one of the same name in this root does not.
func TestKernelRulesMeanTheFilesBelowTheHostRoot(t *testing.T) {
	kerneltest.Lock(t)
	host := t.TempDir()
	path := filepath.Join("/tmp", filepath.Base(t.TempDir())+"-watched")
	t.Cleanup(func() { _ = os.Remove(path) })
	for _, dir := range []string{"tmp", "etc"} {
		if err := os.Mkdir(filepath.Join(host, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	events := carry(t, "--host-root", host, "--policy", policyFile(t, "-w "+path+" -p wa -k "+key, "out"), "--sinks", stdoutSink(t))
	touch(t, path)
	touch(t, filepath.Join(host, path))
	got := events(1)
	for _, e := range got {
		if !slices.ContainsFunc(e.Paths, func(p event.Path) bool { return p.Name == filepath.Join(host, path) }) {
			t.Errorf("an event of %+v", e.Paths)
		}
	}
}

func TestKernelOnceAndRelease(t *testing.T) {
	client := kerneltest.Lock(t)
	before, err := client.Status()
	if err != nil {
		t.Fatal(err)
	}
	dir, state := t.TempDir(), t.TempDir()
	policy := policyFile(t, "-w "+dir+"/x -p wa -k "+key+"\n-a always,exit -F arch=b64 -S sethostname -F key="+key, "")
	out, _, err := run(t, "--once", "-o", "json", "--policy", policy, "--state-dir", state)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report v1alpha1.NodeAuditReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.State != v1alpha1.NodeInSync || report.Rules.Loaded != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
	if got := ours(t, client); len(got) != 2 {
		t.Errorf("the kernel holds %q", got)
	}
	out, _, err = run(t, "--once", "--policy", policyFile(t, "-a always,exit -F arch=b64 -S sethostname -F uid=nosuchuser -k "+key, ""), "--state-dir", state)
	if err == nil || !strings.Contains(out, "RuleUnresolved") || !strings.Contains(out, "nosuchuser") {
		t.Errorf("a rule that cannot load: %v\n%s", err, out)
	}
	if out, _, err = run(t, "--release", "--state-dir", state); err != nil || !strings.Contains(out, "Released") {
		t.Errorf("release: %v\n%s", err, out)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state directory is still there")
	}
	after, err := client.Status()
	if err != nil {
		t.Fatal(err)
	}
	if got := ours(t, client); len(got) != 0 || after.Enabled != before.Enabled {
		t.Errorf("after the release the kernel holds %q, enabled %d, was %d", got, after.Enabled, before.Enabled)
	}
}

func TestKernelARuleThatIsDeletedByHandComesBack(t *testing.T) {
	client := kerneltest.Lock(t)
	dir := t.TempDir()
	events := carry(t, "--policy", policyFile(t, "-w "+dir+"/x -p wa -k "+key, "out"), "--sinks", stdoutSink(t))
	rules, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	mine := slices.IndexFunc(rules, func(w rule.Wire) bool { return strings.Contains(string(w), dir+"/x") })
	if err := client.Delete(rules[mine]); err != nil {
		t.Fatal(err)
	}
	wait(t, "the rule is back", func() bool { return len(ours(t, client)) == 1 })
	touch(t, dir+"/x")
	events(1)
}

// A directory rule stays with its directory when that is renamed. After the agent has looked, the rule is on the directory that has the name
// now: it goes with that one.
func TestKernelARuleFollowsTheNameOfItsDirectory(t *testing.T) {
	client := kerneltest.Lock(t)
	dir, state := filepath.Join(t.TempDir(), "watched"), t.TempDir()
	policy := policyFile(t, "-w "+dir+" -p wa -k "+key, "")
	inSync := func() {
		t.Helper()
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if out, _, err := run(t, "--once", "--policy", policy, "--state-dir", state); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	inSync()
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	inSync()
	if got := ours(t, client); len(got) != 1 {
		t.Fatalf("the kernel holds %q", got)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	wait(t, "the rule goes with the new directory", func() bool { return len(ours(t, client)) == 0 })
}

// touch is another process's: calls of the agent itself are left out.
func touch(t *testing.T, path string) {
	t.Helper()
	if out, err := exec.Command("touch", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func stdoutSink(t *testing.T) string {
	t.Helper()
	return write(t, "sinks.yaml", "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditSink\nmetadata: {name: out}\nspec: {type: stdout}\n")
}

// carry runs the agent alone until the test ends, with this test program as itself, and returns once the rules are in. events waits for so many
// events of system calls with the key.
func carry(t *testing.T, args ...string) (events func(n int) []event.Event) {
	t.Helper()
	out, _ := serve(t, args...)
	return func(n int) []event.Event {
		t.Helper()
		var found []event.Event
		wait(t, "the events are there", func() bool {
			found = nil
			for line := range strings.Lines(out()) {
				var e event.Event
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				if e.Type == "SYSCALL" && slices.Contains(e.Keys, key) {
					found = append(found, e)
				}
			}
			return len(found) >= n
		})
		return found
	}
}

// alone is carry for what the agent says.
func alone(t *testing.T, args ...string) (words func() string) {
	t.Helper()
	_, words = serve(t, args...)
	return words
}

// serve runs the agent until the test ends, and returns what it writes to its standard output and error.
func serve(t *testing.T, args ...string) (events, said func() string) {
	t.Helper()
	var out, words buffer
	ctx, cancel := context.WithCancel(context.Background())
	c := command(&out, &words)
	c.SetArgs(append(args, "--state-dir", t.TempDir(), "--log-dir", t.TempDir(), "--run-dir", "", "--metrics-address", ""))
	done := make(chan error, 1)
	go func() { done <- c.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the agent ended with %v\n%s", err, words.String())
		}
	})
	wait(t, "the agent is in sync", func() bool { return strings.Contains(words.String(), ": InSync\n") })
	return out.String, words.String
}

// wait polls: the kernel and the agent have their own time.
func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so after 20 s: %s", what)
		}
	}
}

// buffer is written and read by different goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
