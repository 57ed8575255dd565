package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

// call runs `rules …` on an audit system, with standard input.
func call(t *testing.T, system auditSystem, stdin string, args ...string) ran {
	t.Helper()
	var out, words bytes.Buffer
	c := rulesCommand("nodeaudit", func(string) auditSystem { return system })
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetIn(strings.NewReader(stdin))
	c.SetOut(&out)
	c.SetErr(&words)
	c.SetArgs(args)
	err := c.Execute()
	r := ran{out: out.String(), words: words.String()}
	if err != nil {
		r.err = err.Error()
	}
	return r
}

func (r ran) check(t *testing.T, out, words, err string) {
	t.Helper()
	if r.out != out {
		t.Errorf("it prints\n%swant\n%s", r.out, out)
	}
	if !strings.Contains(r.words, words) || words == "" && r.words != "" {
		t.Errorf("its words are %q, want %q", r.words, words)
	}
	if !strings.Contains(r.err, err) || err == "" && r.err != "" {
		t.Errorf("its error is %q, want %q", r.err, err)
	}
}

// having is an audit system in memory that is on and has rules.
func having(t *testing.T, text string) *kerneltest.Memory {
	t.Helper()
	m := kerneltest.New("/")
	file, problems := rule.Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, r := range file.Rules {
		w, err := r.Encode(host.New("/"))
		if err = errors.Join(err, m.Add(w)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Set(kernel.Settings{Enabled: new(uint32(kernel.On))}); err != nil {
		t.Fatal(err)
	}
	return m
}

const (
	passwd = "-w /etc/passwd -p wa -k identity\n"
	group  = "-w /etc/group -p wa -k identity\n"
	mounts = "-a always,exit -F arch=b64 -S mount -F key=mounts\n"
	silent = "-a never,exit -F arch=b64 -S mount -F uid=7\n"
)

func TestRulesListPrintsThemAsAuditctlDoes(t *testing.T) {
	call(t, having(t, ""), "", "list").check(t, "", "No rules", "")
	call(t, having(t, mounts+passwd), "", "list").check(t, mounts+passwd, "", "")
	if got := call(t, having(t, passwd), "", "list", "-o", "json").out; !strings.HasPrefix(got, `{"file":"","rule":"-w /etc/passwd -p wa -k identity","keys":["identity"],"hex":"04`) {
		t.Errorf("as JSON it is %s", got)
	}
}

func TestRulesDiffSaysWhatDiffers(t *testing.T) {
	for name, test := range map[string]struct{ have, files, out, err string }{
		"nothing differs":                            {passwd + mounts, mounts + passwd, "", ""},
		"another spelling is the same rule":          {passwd, "-a always,exit -S all -F path=/etc/passwd -F perm=wa -F key=identity\n", "", ""},
		"a rule that is missing":                     {passwd, passwd + mounts, "+ " + mounts, "lacks 1 rule, has 0 rules"},
		"a rule of nobody":                           {passwd + mounts, mounts, "- " + passwd, "lacks 0 rules, has 1 rule of no file"},
		"a never rule behind what it should silence": {mounts + silent, silent + mounts, "! " + silent, "1 rule in the wrong place"},
		"a rule that is written twice":               {passwd, passwd + passwd, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := call(t, having(t, test.have), test.files, "diff", "-")
			got.words = "" // what lint says
			got.check(t, test.out, "", test.err)
		})
	}
	call(t, having(t, passwd+mounts), mounts, "diff", "--ignore-unmanaged", "-").check(t, "", "", "")
}

func TestRulesThatAnAgentHasOptimisedAreNoDifference(t *testing.T) {
	const watch, unmounts = "-w /etc -p wa -k etc\n", "-a always,exit -F arch=b64 -S umount2 -F key=mounts\n"
	file, _ := rule.Parse(watch + mounts + unmounts)
	rules, _ := onHost([]compiled{{rule: file.Rules[0]}, {rule: file.Rules[1]}, {rule: file.Rules[2]}}, host.New("/"))
	m := kerneltest.New("/")
	for _, w := range []rule.Wire{rules[0].in, rules[1].in} {
		if err := m.Add(w); err != nil {
			t.Fatal(err)
		}
	}
	if rules[0].in == rules[0].wire || rules[1].in != rules[2].in {
		t.Fatal("nothing was optimised")
	}
	call(t, m, "", "list").check(t, watch+"-a always,exit -F arch=b64 -S mount,umount2 -F key=mounts\n", "", "")
	call(t, m, watch+mounts+unmounts, "diff", "-").check(t, "", "", "")
	call(t, m, watch+mounts+unmounts, "load", "-").check(t, "", "0 rules added, 0 deleted", "")
	got := call(t, m, watch+mounts, "diff", "-")
	got.check(t, "+ "+mounts+"- -a always,exit -F arch=b64 -S mount,umount2 -F key=mounts\n", "", "lacks 1 rule, has 1 rule of no file")
}

func TestRulesDiffLeavesPoliciesOutThatOnlyObserve(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	text := policy("p", "rules: |", "  "+passwd, "mode: Observe") + "---\n" + policy("q", "rules: |", "  "+group)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	call(t, having(t, ""), "", "diff", file).check(t, "+ "+group, "", "lacks 1 rule")
}

func TestRulesLoadAddsWhatIsMissing(t *testing.T) {
	m := having(t, group+passwd)
	call(t, m, passwd+mounts, "load", "-").check(t, "", "1 rule added, 0 deleted", "")
	call(t, m, "", "list").check(t, group+passwd+mounts, "", "")
	before := m.Changes()
	call(t, m, passwd+mounts, "load", "-").check(t, "", "0 rules added, 0 deleted", "")
	if m.Changes() != before {
		t.Error("a second load changed something")
	}
	call(t, m, passwd+mounts, "load", "--remove-unmanaged", "-").check(t, "", "0 rules added, 1 deleted", "")
	call(t, m, "", "list").check(t, passwd+mounts, "", "")
}

func TestRulesLoadPutsFirstWhatSaysSo(t *testing.T) {
	m := having(t, mounts)
	first := strings.Replace(silent, "-a", "-A", 1)
	call(t, m, mounts+passwd+first, "load", "-").check(t, "", "2 rules added", "")
	call(t, m, "", "list").check(t, silent+mounts+passwd, "", "")
	call(t, having(t, mounts), silent+mounts, "load", "-").check(t, "", "stands on the wrong side", "1 rule in the wrong place")
}

func TestRulesLoadSaysWhatItDidNotDo(t *testing.T) {
	const bad = "-w nowhere -p wa\n"
	locked := having(t, passwd)
	if err := locked.Set(kernel.Settings{Enabled: new(uint32(kernel.Locked))}); err != nil {
		t.Fatal(err)
	}
	broken := kerneltest.New("/")
	broken.Break(&kernel.UnsupportedError{Cause: kernel.NotInitialPIDNamespace, Err: errors.ErrUnsupported})
	for name, test := range map[string]struct {
		system           *kerneltest.Memory
		files, words     string
		err, rules, flag string
	}{
		"a locked kernel":                              {locked, mounts, "", "locked (enabled 2): nothing can change until this machine reboots", passwd, ""},
		"in a container":                               {broken, mounts, "", "run it on the machine itself", "", ""},
		"auditing is off":                              {kerneltest.New("/"), mounts, "auditctl -e 1 switches it on", "", mounts, ""},
		"a path that is not there":                     {having(t, ""), "-w /no/such/file -p wa -k k\n" + mounts, "<stdin>:1: error: rule -w /no/such/file -p wa -k k: its path", "did not take every", mounts, ""},
		"a file with an error":                         {having(t, ""), bad + mounts, "nowhere", "nothing was loaded", "", ""},
		"a file with an error, and the rest is wanted": {having(t, ""), bad + mounts, "1 rule added", "1 error", mounts, "--skip-errors"},
	} {
		t.Run(name, func(t *testing.T) {
			args := slices.DeleteFunc([]string{"load", test.flag, "-"}, func(a string) bool { return a == "" })
			got := call(t, test.system, test.files, args...)
			if !strings.Contains(got.words, test.words) || !strings.Contains(got.err, test.err) || got.err != "" && test.err == "" {
				t.Errorf("it says %q and %q, want %q and %q", got.words, got.err, test.words, test.err)
			}
			if test.system != broken {
				got = call(t, test.system, "", "list")
				got.words = ""
				got.check(t, test.rules, "", "")
			}
		})
	}
}

func TestKernelRulesOfAFileAreLoadedAndListed(t *testing.T) {
	kerneltest.Lock(t)
	const mine = "-a always,exit -F arch=b64 -S sethostname -F key=nodeaudit-rules-test\n"
	system := thisMachine("/")
	if got := call(t, system, mine, "diff", "--ignore-unmanaged", "-"); got.out != "+ "+mine {
		t.Errorf("before, the difference is %q, %s", got.out, got.err)
	}
	call(t, system, mine, "load", "-").check(t, "", "1 rule added, 0 deleted", "")
	if got := call(t, system, "", "list"); !strings.Contains(got.out, mine) {
		t.Errorf("the rule is not listed:\n%s%s", got.out, got.err)
	}
	call(t, system, mine, "diff", "--ignore-unmanaged", "-").check(t, "", "", "")
}
