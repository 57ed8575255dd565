package recording

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// sets are rule sets in which the optimiser has something to do; DIR is the scratch directory, and each rule is about it or about a rare call.
var sets = map[string]string{
	"watches": `
-w DIR/d -p r -k read
-w DIR/d/f -p w -k file
-w DIR/d/program -p x -k file
-w DIR/d/f -p a -k file
-w DIR/d -p wa -k dir
-w DIR/e -p wa -k other
-w DIR/e -p r -k other
`,
	"files with two names, and rules without keys": `
-w DIR/e/link -p wa -k link
-w DIR/d/f -p wa
-w DIR/e/g -p wa -k g
-a always,exit -F arch=b64 -S rename,renameat,renameat2 -F dir=DIR -k list
-w DIR/d/f -p r
`,
	"calls, users and never": `
-a always,exit -F arch=b64 -S unlink,unlinkat -F dir=DIR -F uid=0 -k root
-a always,exit -F arch=b64 -S chmod -F dir=DIR -F success=1 -k change
-a never,exit -F arch=b64 -S sethostname -F uid>=1000
-a always,exit -F arch=b64 -S fchmodat,chown,lchown,fchownat -F dir=DIR -F success=1 -k change
-a always,exit -F arch=b64 -S sethostname -k name
-a always,exit -F arch=b64 -S sethostname -F uid=0 -k name
-a always,exit -F arch=b64 -S unlink,unlinkat -F dir=DIR -F success=0 -k failed
-a always,exit -F arch=b64 -S open,openat,openat2 -F dir=DIR -F exit=-2 -k missing
-a always,exit -F dir=DIR/d -F perm=x -F uid=0 -k started
-a always,exit -F dir=DIR -F perm=rwxa -F obj_uid=0 -F key=owned
`,
}

func TestKernelRecordsTheSame(t *testing.T) {
	if m := host.New("/").Machine(); m != "x86_64" {
		t.Skipf("the operations are numbered for x86_64, and this is %s", m)
	}
	client := kerneltest.Lock(t)
	if err := client.Set(kernel.Settings{Enabled: new(uint32(kernel.On)), RateLimit: new(uint32(0)), BacklogLimit: new(uint32(8192))}); err != nil {
		t.Fatal(err)
	}
	socket, err := receive.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	for name, text := range sets {
		t.Run(name, func(t *testing.T) {
			g := newGrid(t, client, socket)
			written := g.encode(text)
			result := optimize.Rules(written, "x86_64")
			var before, after []rule.Wire
			for _, r := range written {
				before = append(before, r.Wire)
			}
			for _, r := range result.Rules {
				after = append(after, r.Wire)
			}
			if slices.Equal(before, after) {
				t.Fatal("the optimiser did nothing")
			}
			was, is := g.under(before), g.under(after)
			if diff := cmp.Diff(was, is); diff != "" {
				t.Errorf("(-as written +optimised):\n%s", diff)
			}
			met := len(slices.DeleteFunc(slices.Collect(maps.Values(was)), func(s string) bool { return !strings.Contains(s, "key=\"") }))
			t.Logf("%d rules become %d; %d of %d operations were recorded under a key", len(before), len(after), met, len(was))
			if met < 8 {
				t.Error("too few operations met a rule for this to say anything")
			}
		})
	}
}

// grid is what is recorded of each operation by each user.
type grid struct {
	*testing.T
	client *kernel.Client
	socket *receive.Socket
	dir    string
	// program is a copy of this program that every user can start.
	program string
}

func newGrid(t *testing.T, client *kernel.Client, socket *receive.Socket) *grid {
	t.Helper()
	dir := filepath.Join("/var/tmp", fmt.Sprintf("nodeaudit-recording-%d-%d", os.Getpid(), time.Now().UnixNano()))
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	g := &grid{t, client, socket, dir, dir + ".program"}
	t.Cleanup(func() { _ = os.RemoveAll(g.dir); _ = os.Remove(g.program) })
	if err := os.WriteFile(g.program, program, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(g.program, 0o755); err != nil {
		t.Fatal(err)
	}
	return g
}

// fill makes the files anew. The directories stay, and with them the rules: those on files are bound to names in a directory.
func (g *grid) fill() {
	g.Helper()
	must := func(err error) {
		if err != nil {
			g.Fatal(err)
		}
	}
	for _, d := range []string{"d", "e"} {
		old, _ := filepath.Glob(filepath.Join(g.dir, d, "*"))
		for _, path := range old {
			must(os.RemoveAll(path))
		}
		must(os.MkdirAll(filepath.Join(g.dir, d), 0o755))
		must(os.Chmod(filepath.Join(g.dir, d), 0o777))
	}
	for _, f := range []string{"d/f", "e/g"} {
		must(os.WriteFile(filepath.Join(g.dir, f), []byte("x"), 0o600))
		must(os.Chmod(filepath.Join(g.dir, f), 0o666))
	}
	must(os.Link(filepath.Join(g.dir, "d/f"), filepath.Join(g.dir, "e/link")))
	must(os.WriteFile(filepath.Join(g.dir, "d/program"), []byte("#!/bin/true\n"), 0o600))
	must(os.Chmod(filepath.Join(g.dir, "d/program"), 0o755))
}

func (g *grid) encode(text string) []optimize.Rule {
	g.Helper()
	g.fill()
	file, _ := rule.Parse(strings.ReplaceAll(text, "DIR", g.dir))
	var rules []optimize.Rule
	for _, r := range file.Rules {
		w, err := r.Encode(host.New("/"))
		if err != nil {
			g.Fatal(err)
		}
		rules = append(rules, optimize.Rule{Wire: w.Canonical()})
	}
	if want := strings.Count(text, "\n") - 1; len(rules) != want {
		g.Fatalf("%d of %d rules", len(rules), want)
	}
	return rules
}

// under returns what is recorded of each operation under the rules.
func (g *grid) under(rules []rule.Wire) map[string]string {
	g.Helper()
	mark := kerneltest.Watch(filepath.Join(g.dir, "mark"), filepath.Base(g.dir))
	for _, w := range append(slices.Clone(rules), kerneltest.First(mark)) {
		if err := g.client.Add(w); err != nil {
			g.Fatal(err)
		}
	}
	recorded := map[string]string{}
	for name := range operations {
		for _, user := range []uint32{0, 1000} {
			g.fill()
			recorded[fmt.Sprintf("%s by %d", name, user)] = g.perform(name, user)
		}
	}
	for _, w := range append(slices.Clone(rules), mark) {
		if err := g.client.Delete(w); err != nil { // it is there to the end, or the comparison says nothing
			g.Fatal(err)
		}
	}
	return recorded
}

var callAndKey = regexp.MustCompile(` syscall=(\d+) .* pid=(\d+) .* (key=\S+)`)

// perform makes one operation in a process of its own, and then one that ends the reading.
func (g *grid) perform(name string, user uint32) string {
	g.Helper()
	mark := filepath.Join(g.dir, "mark")
	key := filepath.Base(g.dir)
	child := exec.CommandContext(g.Context(), g.program)
	child.Env = append(os.Environ(), operationEnv+"="+name, directoryEnv+"="+g.dir, "GOCOVERDIR=")
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	if err := child.Start(); err != nil {
		g.Fatal(err)
	}
	_ = child.Wait() // an operation may be refused
	if out, err := exec.CommandContext(g.Context(), "touch", mark).CombinedOutput(); err != nil {
		g.Fatalf("touch: %v: %s", err, out)
	}
	seen := map[string]bool{}
	deadline := time.Now().Add(20 * time.Second)
	for {
		record, err := g.socket.Receive(deadline)
		if err != nil {
			g.Fatal(err)
		}
		const syscallType = 1300
		found := callAndKey.FindStringSubmatch(record.Data)
		switch {
		case record.Type != syscallType || found == nil:
		case strings.Contains(record.Data, `key="`+key+`"`):
			return strings.Join(slices.Sorted(maps.Keys(seen)), "; ")
		case found[2] == fmt.Sprint(child.Process.Pid):
			seen["call "+found[1]+" "+found[3]] = true
		}
	}
}
