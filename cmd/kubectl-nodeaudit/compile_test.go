package main

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/internal/version"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

func TestCompilePrintsWhatANodeWouldGet(t *testing.T) {
	for name, test := range map[string]struct {
		files             map[string]string
		args              []string
		out, words, fails string
	}{
		"rules in canonical form": {
			files: map[string]string{"a.rules": "-b 8192\n-w /etc/ -p aw -k id\n-a exit,always -S bind -F arch=b64 # x\n-a exit,always -F arch=b64 -S bind -F key=k\n"},
			args:  []string{"a.rules"},
			out:   "-w /etc -p wa -k id\n-a always,exit -F arch=b64 -S bind -F key=k\n",
			words: "a.rules:3:32: error: arch stands behind -S, whose numbers depend on it: put -F arch= before the first -S\n" +
				"a.rules:3:36: warning: auditctl refuses a comment behind a rule; here it is left out\n",
			fails: "1 error and 1 warning",
		},
		"policies by priority and name, behind the rules files in their order": {
			files: map[string]string{
				"p.yaml":  policy("b", "rules: -w /b -p w") + "---\n" + policy("a", "rules: -w /a -p w") + "---\n" + policy("z", "priority: 1", "rules: -w /z -p w"),
				"2.rules": "-w /2 -p w\n", "1.rules": "-w /1 -p w\n",
			},
			args: []string{"p.yaml", "2.rules", "1.rules"},
			out:  "-w /2 -p w\n-w /1 -p w\n-w /z -p w\n-w /a -p w\n-w /b -p w\n",
		},
		"a policy for other nodes": {
			files: map[string]string{"p.yaml": policy("p", "nodeSelector: {matchLabels: {a: b}}", "rules: -w /a -p w")},
			args:  []string{"p.yaml"},
			out:   "-w /a -p w\n",
		},
		"one rule for each rule": {
			files: map[string]string{"a.rules": "-a always,exit -F arch=b64 -S bind\n-a always,exit -F arch=b64 -S connect\n"},
			args:  []string{"a.rules", "--as-written"},
			out:   "-a always,exit -F arch=b64 -S bind\n-a always,exit -F arch=b64 -S connect\n",
		},
		"nothing of a policy with an error": {
			files: map[string]string{"p.yaml": policy("p", "rules: |", "  -w /a -p w", "  -w b") + "---\n" + policy("q", "rules: -w /q -p w")},
			args:  []string{"p.yaml"},
			out:   "-w /q -p w\n",
			words: "p.yaml:7:8: error: path \"b\" does not begin with /: write it from the root on, for example /etc/passwd\n",
			fails: "1 error",
		},
		"nothing of a policy with an unknown field": {
			files: map[string]string{"p.yaml": policy("p", "prio: 1", "rules: -w /a -p w")},
			args:  []string{"p.yaml"},
			words: "p.yaml:5:3: error: unknown field \"spec.prio\": correct its name or remove it\n",
			fails: "1 error",
		},
		"policies that cannot be on one node": {
			files: map[string]string{
				"p.yaml": policy("p", "kernel: {backlogLimit: 1}", "rules: -w /p -p w") + "---\n" + policy("q", "kernel: {backlogLimit: 2}", "rules: -w /q -p w"),
			},
			args: []string{"p.yaml"},
			out:  "-w /p -p w\n",
			words: "p.yaml:13:10: error: kernel.backlogLimit is 2 here and 1 in policy p, which has the same priority and selects some of the same nodes: " +
				"ask for the same, or give one of them a higher priority\n",
			fails: "1 error",
		},
		"two policies of one name": {
			files: map[string]string{"p.yaml": policy("p", "rules: -w /p -p w") + "---\n" + policy("p", "rules: -w /q -p w")},
			args:  []string{"p.yaml"},
			out:   "-w /p -p w\n",
			words: "p.yaml:11:10: error: a second policy is named p: name one of them otherwise, or leave one out\n",
			fails: "1 error",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, test.files, "", append([]string{"compile"}, test.args...)...)
			if diff := cmp.Diff(ran{test.out, test.words, test.fails}, got, cmp.AllowUnexported(ran{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompiledBytesDependOnTheHost(t *testing.T) {
	files := map[string]string{
		"a.rules":         "-w /srv/data -p wa -k data\n-a always,exit -S all -F auid=lina -F gid=staff\n-w /srv/file -p r\n",
		"root/etc/passwd": "lina:x:1001:1001::/:/bin/sh\n", "root/etc/group": "staff:x:50:\n", "root/srv/data/x": "",
	}
	got := run(t, files, "", "compile", "--as-written", "-o", "hex", "--root", "root", "a.rules")
	if got.err != "" || got.words != "" {
		t.Fatalf("%+v", got)
	}
	var listed []string
	for line := range strings.Lines(got.out) {
		wire, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		r, err := rule.Decode(rule.Wire(wire))
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, r.String())
	}
	want := []string{"-w /srv/data -p wa -k data", "-a always,exit -S all -F auid=1001 -F gid=50", "-w /srv/file -p r"}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	file, _ := rule.Parse("-w /srv/data -p wa -k data")
	wire, err := file.Rules[0].Encode(host.New("root"))
	if first, _, _ := strings.Cut(got.out, "\n"); err != nil || first != hex.EncodeToString([]byte(wire)) {
		t.Errorf("a directory below the root is not seen as one (%v)", err)
	}
}

func TestWhatTheHostLacksKeepsNoOtherRuleOut(t *testing.T) {
	files := map[string]string{
		"a.rules":         "-a always,exit -S all -F auid=hans\n-a always,exit -S all -F auid=lina\n-a always,exit -F arch=riscv32 -S bind\n",
		"root/etc/passwd": "lina:x:1001:1001::/:/bin/sh\n",
	}
	words := "a.rules:1: error: rule -a always,exit -S all -F auid=hans: user \"hans\" is not known on this host: correct the name, " +
		"write the numeric id, or say with --root where the root directory of a host that has it is\n" +
		"a.rules:3: error: rule -a always,exit -F arch=riscv32 -S bind: system call \"bind\" is not known on this host: " +
		"the bytes are made for the architecture of this machine: correct the name, or compile on a machine like the node\n"
	for output, lines := range map[string]int{"hex": 1, "json": 3} {
		got := run(t, files, "", "compile", "-o", output, "--root", "root", "a.rules")
		if diff := cmp.Diff(ran{got.out, words, "2 errors"}, got, cmp.AllowUnexported(ran{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", output, diff)
		}
		if n := strings.Count(got.out, "\n"); n != lines || strings.Count(got.out, "000") == 0 {
			t.Errorf("%s: %d lines, want %d", output, n, lines)
		}
	}
	if got := run(t, files, "", "compile", "--root", "root", "a.rules"); got.words != "" || got.err != "" {
		t.Errorf("the text of a rule needs no host, but: %+v", got)
	}
}

func TestCompiledObjectsSayWhereTheyComeFrom(t *testing.T) {
	files := map[string]string{"p.yaml": policy("p", "mode: Observe", "rules: |", "  # x", "  -a always,exit -F arch=b64 -S bind -F a0>=1 -k a -k b")}
	got := run(t, files, "", "compile", "-o", "json", "p.yaml")
	var object compiled
	if err := json.Unmarshal([]byte(got.out), &object); err != nil || got.err != "" {
		t.Fatalf("%+v: %v", got, err)
	}
	if object.Hex == "" || !strings.Contains(got.out, "a0>=0x1") {
		t.Error("the bytes are missing, or > is written as \\u003e")
	}
	object.Hex = ""
	if len(object.From) != 0 {
		t.Errorf("a rule that is not loaded was optimised: %+v", object.From)
	}
	want := compiled{File: "p.yaml", Line: 8, Policy: "p", Mode: "Observe", Rule: "-a always,exit -F arch=b64 -S bind -F a0>=0x1 -F key=a -F key=b", Keys: []string{"a", "b"}}
	if diff := cmp.Diff(want, object, cmp.AllowUnexported(compiled{}, rule.Rule{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheVersionIsPrinted(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if got := run(t, nil, "", args...); got != (ran{out: "nodeaudit " + version.Version + "\n"}) {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestHelpHasExamplesAsTheUserTypesThem(t *testing.T) {
	for program, want := range map[string]string{"/usr/bin/nodeaudit": "nodeaudit", "/usr/bin/kubectl-nodeaudit": "kubectl nodeaudit"} {
		c := command(displayName(program), nil, nil, nil)
		for _, sub := range append(c.Commands(), c) {
			if !strings.HasPrefix(sub.Example, "  "+want+" ") {
				t.Errorf("%s %s: example %q does not begin with %q", program, sub.Name(), sub.Example, want)
			}
		}
	}
}
