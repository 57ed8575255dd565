package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const uidd = `error: unknown field "uidd": did you mean uid?`

func TestLintSaysWhatIsWrongAndWhere(t *testing.T) {
	for name, test := range map[string]struct{ file, text, want string }{
		"a good rules file": {"a.rules", "-b 8192\n-w /etc/passwd -p wa -k identity\n", ""},
		"an empty file":     {"a.rules", "", ""},
		"a wrong line of a rules file": {
			"a.rules", "# remark\n-w /etc/passwd -p wa\n-a always,exit -F uidd=0\n",
			"a.rules:3:19: " + uidd + "\n",
		},
		"a wrong line of a literal block": {
			"p.yaml", policy("p", "rules: |", "  -w /etc/passwd -p wa", "", "  -a always,exit -F uidd=0"),
			"p.yaml:8:23: " + uidd + "\n",
		},
		"a literal block that begins with an empty line and keeps its end": {
			"p.yaml", policy("p", "rules: |+ # remark", "", "  -a always,exit -F uidd=0", ""),
			"p.yaml:7:23: " + uidd + "\n",
		},
		"a literal block with its own indentation": {
			"p.yaml", policy("p", "rules: |2", "    -a always,exit -F uidd=0"),
			"p.yaml:6:25: " + uidd + "\n",
		},
		"a literal block with carriage returns": {
			"p.yaml", strings.ReplaceAll(policy("p", "rules: |", "  -w /etc -p wa", "  -a always,exit -F uidd=0"), "\n", "\r\n"),
			"p.yaml:7:23: " + uidd + "\n",
		},
		"a second document": {
			"p.yaml", policy("p", "rules: -w /etc -p wa") + "--- # next\n" + policy("q", "rules: |", "  -a always,exit -F uidd=0"),
			"p.yaml:12:23: " + uidd + "\n",
		},
		"rules in quotes": {
			"p.yaml", policy("p", `rules: "-a always,exit -F uidd=0"`),
			"p.yaml:5:29: " + uidd + "\n",
		},
		"rules without quotes, behind letters of several bytes": {
			"p.yaml", policy("p", "{mode: Enforce, x: äö, rules: '-a always,exit -F uidd=0'}"),
			"p.yaml:5:19: error: unknown field \"spec.x\": correct its name or remove it\np.yaml:5:54: " + uidd + "\n",
		},
		"folded rules, whose lines are not those of the file": {
			"p.yaml", policy("p", "rules: >", "  -w /etc -p wa", "", "  -a always,exit -F uidd=0"),
			`p.yaml:5:10: error: line 2 of the rules, column 19: unknown field "uidd": did you mean uid?` + "\n",
		},
		"JSON": {
			"p.json", `{"apiVersion":"nodeaudit.dev/v1alpha1","kind":"AuditPolicy","metadata":{"name":"p"},"spec":{"rules":"-w /etc\n-w x"}}`,
			`p.json:1:101: error: line 2 of the rules, column 4: path "x" does not begin with /: write it from the root on, for example /etc/passwd` + "\n",
		},
		"rules by an alias": {
			"p.yaml", policy("p", "rules: *r") + "x: &r |\n  -a always,exit -F uidd=0\n",
			"p.yaml:1: error: this is not YAML: unknown anchor 'r' referenced\n",
		},
		"a rule twice": {
			"p.yaml", policy("p", "rules: |", "  -w /etc -p wa -k a", "  -w /etc/ -p aw -k a", "  -w /etc -p wa -k b"),
			"p.yaml:7:5: warning: the same rule as in line 6: remove one, the kernel takes it once (duplicate)\n" +
				"p.yaml:8:5: warning: the rule in line 6 records all of its events, so the key b never appears: " +
				"put it before that rule, or give both the same key (shadowed)\n",
		},
		"a rule for two architectures twice": {
			"a.rules", "-a always,exit -F arch=b64 -S bind -k a\n-a always,exit -F arch=b32 -S bind -k a\n-a always,exit -F arch=b64 -S bind -k a\n",
			"a.rules:3:1: warning: the same rule as in line 1: remove one, the kernel takes it once (duplicate)\n",
		},
		"a control line that does nothing": {
			"a.rules", "--loginuid-immutable\n",
			"a.rules: warning: --loginuid-immutable has no effect: nodes keep theirs; remove the line\n",
		},
		"a setting that the policy gives twice": {
			"p.yaml", policy("p", "kernel: {backlogLimit: 1}", "rules: |", "  -b 2"),
			"p.yaml:6:10: warning: -b says 2 and kernel.backlogLimit 1: kernel.backlogLimit wins\n",
		},
		"a misspelt field": {
			"p.yaml", policy("p", "routes:", "- name: a", "  sink: [x]"),
			"p.yaml:1:1: error: routes: route \"a\": it has no sinks: name the sinks that get its events, or say drop: true\n" +
				"p.yaml:7:5: error: unknown field \"spec.routes[0].sink\": correct its name or remove it\n",
		},
		"values that their fields do not take": {
			"p.yaml", policy("p", "mode: enforce", "unmanagedRules: Delete", "kernel:", "  failureMode: panic"),
			"p.yaml:5:3: error: spec.mode is \"enforce\", which is not known: write Enforce or Observe\n" +
				"p.yaml:6:3: error: spec.unmanagedRules is \"Delete\", which is not known: write Keep or Remove\n" +
				"p.yaml:8:5: error: spec.kernel.failureMode is \"panic\", which is not known: write Silent, Printk or Panic\n",
		},
		"a field twice": {
			"p.yaml", policy("p", "priority: 1", "priority: 2"),
			"p.yaml:6: error: this is not YAML: key \"priority\" already set in map\n",
		},
		"a value of another type": {
			"p.yaml", policy("p", "rules: [a]"),
			"p.yaml:1:1: error: cannot unmarshal array into Go struct field AuditPolicySpec.spec.rules of type string\n",
		},
		"a selector that the controller refuses, and a wrong rule": {
			"p.yaml", policy("p", "nodeSelector: {matchExpressions: [{key: a, operator: Is}]}", "rules: -w x"),
			`p.yaml:6:10: error: nodeSelector: "Is" is not a valid label selector operator: correct it` + "\n" +
				`p.yaml:6:13: error: path "x" does not begin with /: write it from the root on, for example /etc/passwd` + "\n",
		},
		"a policy without a name": {
			"p.yaml", strings.Replace(policy("p", "priority: 1"), "{name: p}", "{}", 1),
			"p.yaml:1:1: error: the policy has no name: write metadata: {name: …}\n",
		},
		"text that is no YAML": {
			"p.yaml", "# remark\n---\nkind: [\n",
			"p.yaml:3: error: this is not YAML: did not find expected node content\n",
		},
		"a list": {
			"p.yaml", "- a\n",
			"p.yaml:1:1: error: this is no Kubernetes object: apiVersion or kind is missing: begin with apiVersion: nodeaudit.dev/v1alpha1 and kind: AuditPolicy\n",
		},
		"another version": {
			"p.yaml", "kind: AuditPolicy\napiVersion: nodeaudit.dev/v9\n",
			"p.yaml:2:1: error: apiVersion \"nodeaudit.dev/v9\" is not known: write nodeaudit.dev/v1alpha1\n",
		},
		"another kind": {
			"p.yaml", "kind: AuditPolcy\napiVersion: nodeaudit.dev/v1alpha1\n",
			"p.yaml:1:1: error: kind \"AuditPolcy\" is not known: write AuditPolicy, AuditSink, AuditRoute or NamespacedAuditSink\n",
		},
		"an object of somebody else": {
			"p.yaml", "kind: Secret\napiVersion: v1\n",
			"p.yaml:1:1: warning: Secret of v1 is left out: if it is a policy, write apiVersion: nodeaudit.dev/v1alpha1\n",
		},
		"a report": {
			"p.yaml", "kind: NodeAuditStatus\napiVersion: nodeaudit.dev/v1alpha1\n",
			"p.yaml:1:1: warning: NodeAuditStatus is written by agents only: leave it out\n",
		},
		"a sink with a misspelt field": {
			"s.yaml", "kind: AuditSink\napiVersion: nodeaudit.dev/v1alpha1\nmetadata: {name: s}\nspec: {typ: stdout}\n",
			"s.yaml:4:8: error: unknown field \"spec.typ\": correct its name or remove it\n",
		},
		"a tenant's route that is good": {"r.yaml", tenants("AuditRoute", "match: {cel: event.uid == 0}", "sinks: [siem]"), ""},
		"a tenant's route with an expression that does not compile, and a path that fits nothing": {
			"r.yaml", tenants("AuditRoute", "match: {cel: event.uidd == 0}", "exclude: [{paths: [etc]}]", "sinks: [siem]"),
			"r.yaml:4:1: error: route \"x\": match.cel: line 1, column 6: undefined field 'uidd'; " +
				"route \"x\": exclude[0].paths: \"etc\" fits nothing, because files are compared by their whole path: begin it with a slash, or with **/\n",
		},
		"a tenant's route that asks for another namespace": {
			"r.yaml", tenants("AuditRoute", "match: {namespaces: [bank]}", "sinks: [siem]"),
			"r.yaml:5:11: error: unknown field \"spec.match.namespaces\": correct its name or remove it\n",
		},
		"a tenant's route without sinks": {
			"r.yaml", tenants("AuditRoute", "match: {}"),
			"r.yaml:4:1: error: route \"x\": it has no sinks: name the sinks that get its events, or say drop: true\n",
		},
		"a tenant's sink that is good": {"s.yaml", tenants("NamespacedAuditSink", "type: syslog", "syslog: {address: 'logs.test:6514'}"), ""},
		"a tenant's sink of a type that is the node's": {
			"s.yaml", tenants("NamespacedAuditSink", "type: file"),
			"s.yaml:4:1: error: sinks of type file are not for tenants: they are a part of the node, or take the node's own rights\n",
		},
		"a tenant's sink without a port, in a second document": {
			"s.yaml", tenants("AuditRoute", "sinks: [siem]") + "---\n" + tenants("NamespacedAuditSink", "type: syslog", "syslog: {address: logs.test}"),
			"s.yaml:10:1: error: \"logs.test\" is no address with a port that can be judged: correct it\n",
		},
		"a tenant's sink without a name": {
			"s.yaml", strings.Replace(tenants("NamespacedAuditSink", "type: stdout"), "name: x", "labels: {}", 1), "s.yaml:1:1: error: the object has no name: write metadata: {name: …}\n",
		},
		"only remarks": {"p.yaml", "# nothing\n---\n# yet\n", ""},
		"rules in a file of another name": {
			"audit.conf", "\n# remark\n-w x\n",
			"audit.conf:3:4: error: path \"x\" does not begin with /: write it from the root on, for example /etc/passwd\n",
		},
		"a policy in a file of another name": {
			"policy", "---\n" + policy("p", "rules: -w x"),
			"policy:6:13: error: path \"x\" does not begin with /: write it from the root on, for example /etc/passwd\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, map[string]string{test.file: test.text}, "", "lint", test.file)
			if diff := cmp.Diff(test.want, got.out); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if wrong := strings.Contains(test.want, ": error: "); wrong != (got.err != "") {
				t.Errorf("error %q, but the findings have errors: %t", got.err, wrong)
			}
		})
	}
}

// tenants is an object of a namespace with this spec.
func tenants(kind string, spec ...string) string {
	return "apiVersion: nodeaudit.dev/v1alpha1\nkind: " + kind + "\nmetadata: {namespace: shop, name: x}\nspec:\n  " + strings.Join(spec, "\n  ") + "\n"
}

func TestLintReadsStandardInput(t *testing.T) {
	for name, stdin := range map[string]string{"rules": "-w x\n", "a policy": policy("p", "rules: -w x")} {
		got := run(t, nil, stdin, "lint", "-")
		if !strings.HasPrefix(got.out, "<stdin>:") || got.err != "1 error" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestLintCountsWhatItFound(t *testing.T) {
	files := map[string]string{"a.rules": "-D\n-w x\n", "b.rules": "-w y\n"}
	if got := run(t, files, "", "lint", "a.rules", "b.rules"); got.err != "2 errors and 1 warning" {
		t.Errorf("the error is %q", got.err)
	}
}

func TestLintPrintsJSON(t *testing.T) {
	got := run(t, map[string]string{"p.yaml": policy("p", "rules: -w x")}, "", "lint", "-o", "json", "p.yaml")
	var found []finding
	if err := json.Unmarshal([]byte(got.out), &found); err != nil {
		t.Fatal(err)
	}
	want := []finding{{
		Severity: isError, File: "p.yaml", Line: 5, Column: 13, Policy: "p",
		Message: `path "x" does not begin with /`, Fix: "write it from the root on, for example /etc/passwd", Check: "syntax",
	}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if got := run(t, map[string]string{"a.rules": ""}, "", "lint", "-o", "json", "a.rules"); got.out != "[]\n" || got.err != "" {
		t.Errorf("without findings: %+v", got)
	}
}

func TestCallsThatCannotBeDoneSayWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no file":             {[]string{"lint"}, "no file is named: write nodeaudit lint FILE, or - for standard input"},
		"a missing file":      {[]string{"lint", "none.rules"}, "reading rules and policies: open none.rules: no such file or directory"},
		"an unknown output":   {[]string{"lint", "-o", "xml", "x"}, "-o xml: it is text, json or sarif"},
		"another of compile":  {[]string{"compile", "-o", "text", "x"}, "-o text: it is rules, hex or json"},
		"a root that is none": {[]string{"compile", "--root", "none", "x"}, "--root: looking for the host's root directory: stat none: no such file or directory"},
		"a root that is no directory": {
			[]string{"compile", "--root", "a.rules", "x"}, "--root a.rules: it is not a directory",
		},
		"an unknown subcommand": {[]string{"lnt"}, `unknown command "lnt" for "nodeaudit"`},
	} {
		if got := run(t, map[string]string{"a.rules": ""}, "", test.args...); !strings.HasPrefix(got.err, test.want) || got.out != "" {
			t.Errorf("%s: %+v, want %q", name, got, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(policy("p", "rules: |", "  -w /etc -p wa", "  -w x"))
	f.Add(policy("p", `rules: "-w x\n-w y"`) + "---\n" + policy("q", "rules: &a >", "  -w x"))
	f.Add("\r\u020b") // for YAML this has two lines
	f.Add("apiVersion: nodeaudit.dev/v1alpha1\rkind: AuditPolicy\rspec:\r  rules: |\r    -w x\r")
	f.Add("kind: *a\n---\n- {apiVersion: [")
	f.Add(tenants("AuditRoute", "match: {cel: 'event.uid =='}", "sinks: [siem]"))
	f.Add(tenants("NamespacedAuditSink", "type: webhook", "webhook: {url: 'https://[::1'}"))
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		_, found := readManifest("p.yaml", text)
		for _, problem := range found {
			if problem.Line < 1 || problem.Line > lines {
				t.Errorf("%s, but the file has %d lines", problem, lines)
			}
		}
	})
}
