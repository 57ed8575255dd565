package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	firstLines = "type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=2 success=yes exit=3 pid=7 uid=1000 comm=\"cat\" key=\"k\"\n"
	lastLines  = "type=CWD msg=audit(1700000000.123:42): cwd=\"/\"\ntype=EOE msg=audit(1700000000.123:42): \n"
)

// types are the values of a field in lines of JSON, in their order.
func values(lines, field string) []string {
	var all []string
	for line := range strings.Lines(lines) {
		_, rest, _ := strings.Cut(line, `"`+field+`":`)
		value, _, _ := strings.Cut(strings.TrimPrefix(rest, `"`), `"`)
		all = append(all, strings.TrimSuffix(value, ","))
	}
	return all
}

func TestDecode(t *testing.T) {
	login := func(node, serial string) string {
		return node + "type=USER_LOGIN msg=audit(1700000000.123:" + serial + "): pid=1\n"
	}
	tests := []struct {
		name  string
		files map[string]string
		stdin string
		args  []string
		field string
		want  []string
		words string // a part of them
		err   string // a part of it
	}{
		{"reads standard input where no file is named", nil, firstLines + lastLines, nil, "cwd", []string{"/"}, "", ""},
		{"reads standard input for a hyphen", nil, firstLines + lastLines, []string{"-"}, "syscall", []string{"open"}, "", ""},
		{
			"puts an event together that began in the file before, the oldest file first",
			map[string]string{"audit.log": lastLines, "audit.log.1": firstLines, "audit.log.10": login("", "1")},
			"",
			[]string{"audit.log", "audit.log.1", "audit.log.10"},
			"type",
			[]string{"USER_LOGIN", "SYSCALL"},
			"", "",
		},
		{
			"keeps the machines of one log apart",
			nil, "node=a " + firstLines + login("node=b ", "42") + "node=a " + strings.ReplaceAll(lastLines, "\n", "\nnode=a ") + "type=EOE msg=audit(1.000:1): \n", nil,
			"node",
			[]string{"b", "a"},
			"", "",
		},
		{
			"keeps what is no record, and says where it is",
			map[string]string{"x.log": "nonsense\n" + login("", "1")},
			"",
			[]string{"x.log"},
			"type",
			[]string{"UNREADABLE", "USER_LOGIN"},
			"x.log:1: this is no record", "",
		},
		{
			"reads what it can where a file is missing, and ends with an error",
			map[string]string{"x.log": login("", "1")},
			"",
			[]string{"nowhere.log", "x.log"},
			"type",
			[]string{"USER_LOGIN"},
			"nowhere.log", "1 of 2 logs",
		},
		{
			"names users with the files of a host",
			map[string]string{"root/etc/passwd": "root:x:0:0\nann:x:1000:1000\n"},
			firstLines + lastLines,
			[]string{"--root", "root"},
			"uidName",
			[]string{"ann"},
			"", "",
		},
		{"refuses a form that it does not have", nil, "", []string{"-o", "xml"}, "type", nil, "", "-o xml: it is json"},
		{
			"passes on the events of the agent's own files",
			nil, `{"time":"2023-11-14T22:13:20.123Z","serial":9,"type":"CWD","who":{"confidence":"exact","pod":"web-0"},"records":[{"type":"CWD","data":"x"}]}` + "\n", nil,
			"pod",
			[]string{"web-0"},
			"", "",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, test.files, test.stdin, append([]string{"decode"}, test.args...)...)
			if diff := cmp.Diff(test.want, values(got.out, test.field)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.field, diff)
			}
			if !strings.Contains(got.words, test.words) || !strings.Contains(got.err, test.err) || (test.err == "") != (got.err == "") {
				t.Errorf("words %q, error %q", got.words, got.err)
			}
		})
	}
}

func TestDecodeInEachForm(t *testing.T) {
	const last = `type=CWD msg=audit(1700000000.123:42): cwd=2F610A1B5B` + "\n"
	for form, want := range map[string]string{ // how a line begins
		"json": `{"time":"2023-11-14T22:13:20.123Z","serial":42,"type":"SYSCALL"`,
		"ecs":  `{"@timestamp":"2023-11-14T22:13:20.123Z","ecs":`,
		"ocsf": `{"category_uid":0,`, // no path tells which file was opened
		"otlp": `{"resourceLogs":[`,
		"raw":  firstLines + last,
		"text": `2023-11-14T22:13:20.123Z: Informational k: user 1000 with cat opened (serial=42 type=SYSCALL syscall=open result=success pid=7 uid=1000 ` +
			`cwd="/a\n\x1b[")` + "\n",
	} {
		if got := run(t, nil, firstLines+last, "decode", "-o", form); !strings.HasPrefix(got.out, want) || got.err != "" {
			t.Errorf("%s: %s %s", form, got.out, got.err)
		}
	}
	if got := run(t, nil, "", "decode", "-o", "yaml"); !strings.Contains(got.err, "ocsf") {
		t.Errorf("an unknown form: %s", got.err)
	}
}

func TestOldestFirst(t *testing.T) {
	for in, want := range map[string]string{
		"audit.log audit.log.1 audit.log.2.gz audit.log.10.xz": "audit.log.10.xz audit.log.2.gz audit.log.1 audit.log",
		"audit.log.2 audit.log.1 audit.log":                    "audit.log.2 audit.log.1 audit.log",
		"b/audit.log a/audit.log.1 b/audit.log.1 -":            "b/audit.log.1 b/audit.log a/audit.log.1 -",
		"b a":           "b a",
		"host.1 host.2": "host.2 host.1",
	} {
		if got := strings.Join(oldestFirst(strings.Fields(in)), " "); got != want {
			t.Errorf("oldestFirst(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestManyBrokenLinesAreCounted(t *testing.T) {
	got := run(t, nil, strings.Repeat("nonsense\n", 100), "decode")
	if n := strings.Count(got.words, "<stdin>:"); n != inFull || !strings.Contains(got.words, "100 lines are no records") {
		t.Errorf("%d lines are named: %s", n, got.words)
	}
	if n := strings.Count(got.out, "UNREADABLE"); n != 200 {
		t.Errorf("UNREADABLE is there %d times, want twice in each of 100 events", n)
	}
}
