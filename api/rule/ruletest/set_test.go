package ruletest

import (
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

func TestDecide(t *testing.T) {
	names := &Names{}
	file := func(paths ...string) File {
		f := File{Paths: []Name{names.Of("/none")}}
		for _, p := range paths {
			f.Paths = append(f.Paths, names.Of(p))
		}
		return f
	}
	call := func(name string, files ...File) Event {
		n, _ := X8664.Number("b64", name)
		return Event{Arch: X8664.Arch64, Call: n, Files: files}
	}
	for name, test := range map[string]struct {
		rules string
		event Event
		want  Outcome
	}{
		"the first rule of the list decides": {"-a always,exit -S rename -k a\n-a always,exit -S rename -k b\n", call("rename"), Outcome{true, "a"}},
		"a watch before the list decides":    {"-w /a -p w -k w\n-a always,exit -S rename -k l\n", call("rename", file("/a")), Outcome{true, "w"}},
		"a watch behind the list does not":   {"-a never,exit -S all\n-w /a -p w -k w\n", call("rename", file("/a")), Outcome{}},
		"the first file decides":             {"-w /a -p w -k a\n-w /b -p w -k b\n", call("rename", file("/b"), file("/a")), Outcome{true, "b"}},
		"a watch without a key leaves that of the list": {
			"-w /a -p w\n-a always,exit -S rename -k l\n", call("rename", file("/a")), Outcome{true, "l"},
		},
		"one file, two names":         {"-w /a -p w -k a\n-w /b -p w -k b\n", call("rename", file("/b", "/a")), Outcome{true, "a"}},
		"a permission":                {"-w /a -p x -k x\n", call("execve", file("/a")), Outcome{true, "x"}},
		"another permission":          {"-w /a -p r -k r\n", call("unlink", file("/a")), Outcome{}},
		"another system call":         {"-a always,exit -S rename -k a\n", call("unlink"), Outcome{}},
		"another architecture":        {"-a always,exit -F arch=b32 -S all -k a\n", call("unlink"), Outcome{}},
		"an exit value, that is none": {"-a always,exit -S unlink -F exit>=0 -k a\n", call("unlink"), Outcome{}},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, problems := rule.Parse(test.rules)
			if len(parsed.Rules) != strings.Count(test.rules, "\n") {
				t.Fatal(problems)
			}
			var wires []rule.Wire
			for _, r := range parsed.Rules {
				w, err := r.Encode(Host{On: X8664})
				if err != nil {
					t.Fatal(err)
				}
				wires = append(wires, w)
			}
			set, err := Load(wires, names)
			if err != nil {
				t.Fatal(err)
			}
			if got, by := set.Decide(&test.event); got != test.want {
				t.Errorf("%+v by rule %d, want %+v", got, by, test.want)
			}
		})
	}
}
