package main

import (
	"strings"
	"testing"
	"time"
)

func TestALineIsPassedOverOnlyIfItCannotBeWanted(t *testing.T) {
	const line = `{"time":"2023-11-14T22:13:20.123Z","serial":12,"node":"n","type":"SYSCALL","keys":["k-web a"],"pid":77,"exe":"/bin/cat","records":[]}` + "\n"
	with := func(old, now string) string { return strings.Replace(line, old, now, 1) }
	for name, test := range map[string]struct {
		filter filterFlags
		line   string
		want   bool
	}{
		"what is there":                                {filterFlags{key: "k-web a"}, line, false},
		"what is not there":                            {filterFlags{key: "k-web b"}, line, true},
		"one of two things":                            {filterFlags{key: "k-web a", pid: "78"}, line, true},
		"nothing is asked that could be told":          {filterFlags{success: "yes"}, line, false},
		"a number":                                     {filterFlags{pid: "78"}, line, true},
		"a serial":                                     {filterFlags{serial: "991"}, line, true},
		"slashes that are written otherwise":           {filterFlags{exe: "/bin/cat"}, with("/bin/cat", `\/bin\/cat`), false},
		"a path of another program":                    {filterFlags{exe: "/bin/dog"}, line, true},
		"a quote, which has to be written in a way":    {filterFlags{key: `a"b`}, with("k-web a", `a\"b`), false},
		"nothing in it is plain":                       {filterFlags{key: "ü\""}, line, false},
		"characters that are written as numbers":       {filterFlags{key: "k-web"}, with("k-web", `k\u002dweb`), false},
		"a pattern":                                    {filterFlags{node: "m*"}, with(`"n"`, `"o"`), false}, // m is in time
		"a pattern with a word":                        {filterFlags{node: "web-*"}, with("k-web a", "x"), true},
		"a pattern with a class":                       {filterFlags{node: "[n]"}, line, false},
		"one type":                                     {filterFlags{types: []string{"EXECVE"}}, line, true},
		"one of two types":                             {filterFlags{types: []string{"EXECVE,SYSCALL"}}, line, false},
		"a line of auditd":                             {filterFlags{key: "x"}, "type=CWD msg=audit(1.000:1): cwd=\"/\"\n", false},
		"a line that is not whole":                     {filterFlags{key: "x-y"}, strings.TrimSpace(line), false},
		"an empty line":                                {filterFlags{key: "x-y"}, "\n", false},
		"a login that is not known, which has no text": {filterFlags{loginUID: "unset"}, line, false},
	} {
		w, err := test.filter.compile(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := w.literals.miss([]byte(test.line)); got != test.want {
			t.Errorf("%s: passed over %t, looking for %q", name, got, w.literals)
		}
	}
}
