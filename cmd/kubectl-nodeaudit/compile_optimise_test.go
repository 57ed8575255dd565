package main

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

func TestCompilePrintsWhatTheOptimiserMakes(t *testing.T) {
	const (
		bind    = "-a always,exit -F arch=b64 -S bind -F key=net\n"
		connect = "-a always,exit -F arch=b64 -S connect -F key=net\n"
		both    = "-a always,exit -F arch=b64 -S connect,bind -F key=net\n"
	)
	for name, test := range map[string]struct {
		files map[string]string
		args  []string
		out   string
	}{
		"rules of two policies": {
			files: map[string]string{"p.yaml": policy("p", "rules: "+bind) + "---\n" + policy("q", "rules: "+connect)},
			out:   both,
		},
		"a policy that wants its rules as they are": {
			files: map[string]string{"p.yaml": policy("p", "optimize: false", "rules: "+bind) + "---\n" + policy("q", "rules: "+connect)},
			out:   bind + connect,
		},
		"what nobody loads is left out of it": {
			files: map[string]string{"p.yaml": policy("p", "mode: Observe", "rules: "+bind) + "---\n" + policy("q", "rules: "+connect)},
			out:   connect + bind,
		},
		"-A": {
			files: map[string]string{"p.rules": connect + "-A never,exit -F arch=b64 -S bind -F uid=0\n" + bind},
			out:   "-a never,exit -F uid=0 -F arch=b64 -S bind\n" + both,
		},
		"a user that only the node has": {
			files: map[string]string{"p.rules": bind + "-a always,exit -F arch=b64 -S bind -F auid=nobody-here -F key=u\n" + connect},
			out:   bind + "-a always,exit -F arch=b64 -S bind -F auid=nobody-here -F key=u\n" + connect,
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"compile"}
			for file := range test.files {
				args = append(args, file)
			}
			if got := run(t, test.files, "", args...); got.out != test.out || got.err != "" {
				t.Errorf("got %+v, want\n%s", got, test.out)
			}
		})
	}
}

func TestObjectsSayFromWhichLinesARuleComes(t *testing.T) {
	files := map[string]string{"a.rules": "-w /f -p w -k f\n-w /g -p w -k f\n-w /f -p x -k f\n-w /g -p w -k f\n"}
	got := run(t, files, "", "compile", "-o", "json", "a.rules")
	var objects []compiled
	for decoder := json.NewDecoder(strings.NewReader(got.out)); decoder.More(); {
		var c compiled
		if err := decoder.Decode(&c); err != nil {
			t.Fatal(err)
		}
		wire, err := hex.DecodeString(c.Hex)
		if err != nil {
			t.Fatal(err)
		}
		r, err := rule.Decode(optimize.Plain(rule.Wire(wire), host.New("/").Machine()))
		if err != nil || r.String() != c.Rule {
			t.Errorf("the bytes are %s, the text %s (%v)", r, c.Rule, err)
		}
		c.Hex = ""
		objects = append(objects, c)
	}
	from := func(line int, text string) origin { return origin{File: "a.rules", Line: line, Rule: text} }
	want := []compiled{
		{File: "a.rules", Line: 1, Rule: "-w /f -p wx -k f", Keys: []string{"f"}, From: []origin{from(1, "-w /f -p w -k f"), from(3, "-w /f -p x -k f")}},
		{File: "a.rules", Line: 2, Rule: "-w /g -p w -k f", Keys: []string{"f"}, From: []origin{from(2, "-w /g -p w -k f"), from(4, "-w /g -p w -k f")}},
	}
	if diff := cmp.Diff(want, objects, cmp.AllowUnexported(compiled{}, rule.Rule{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
