package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	forPeople = "-a always,exit -F arch=b64 -S bind -F auid!=unset -k net\n"
	costOfOne = ": note: 1 rule, 1 walked by every system call and 0 found by file: about 1 ns for each system call (cost)\n"
)

func TestLintFlags(t *testing.T) {
	escape := "a.rules:1:1: warning: 32-bit programs escape it: write it once more with arch=b32 (missing-b32)\n"
	people := "a.rules:1:1: warning: it records people who log in to the node, and no container: there auid is unset: " +
		"where containers are meant, leave the condition out (auid-unset-in-containers)\n"
	keyless := "a.rules:1:1: note: its events bear no key by which to find or route them: add -k and a word (no-key)\n"
	for name, test := range map[string]struct {
		args             []string
		text, out, words string
		err              string
	}{
		"what rules do, and what they cost": {text: forPeople, out: escape + people, words: "a.rules" + costOfOne},
		"checks that are left out":          {args: []string{"--skip", "missing-b32,cost"}, text: forPeople, out: people},
		"notes are hidden":                  {args: []string{"--skip", "cost"}, text: "-w /etc -p wa"},
		"notes are shown":                   {args: []string{"--skip", "cost", "--notes"}, text: "-w /etc -p wa", out: keyless},
		"a machine without 32-bit programs": {args: []string{"--machine", "riscv64", "--skip", "cost"}, text: forPeople, out: people},
		"an old kernel": {
			args: []string{"--kernel", "5.4", "--skip", "cost,missing-b32"}, text: "-a always,exit -F arch=b64 -S openat2 -F uid=0 -k a",
			out: "a.rules:1:1: warning: openat2 came with Linux 5.6, so it never happens on 5.4: nothing needs to be done if other nodes have it (unknown-to-kernel)\n",
		},
		"an unknown machine": {
			args: []string{"--machine", "pdp11"}, err: "--machine pdp11: it is not known: write what uname -m says, for example x86_64 or aarch64",
		},
		"a check that is not known": {args: []string{"--skip", "x"}, err: "--skip x: there is no such check to leave out: docs/lint.md has their names"},
		"an error is not left out":  {args: []string{"--skip", "syntax"}, err: "--skip syntax: there is no such check to leave out: docs/lint.md has their names"},
		"a root that is none": {
			args: []string{"--root", "none"}, err: "--root: looking for the host's root directory: stat none: no such file or directory",
		},
		"a root that is a file": {args: []string{"--root", "a.rules"}, err: "--root a.rules: it is not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, map[string]string{"a.rules": test.text}, "", append([]string{"lint", "a.rules"}, test.args...)...)
			if diff := cmp.Diff(ran{test.out, test.words, test.err}, got, cmp.AllowUnexported(ran{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLintLooksBelowTheRoot(t *testing.T) {
	host := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(host+"/etc/cron.d", 0o700), os.Mkdir(host+"/lib", 0o700), os.Symlink("/etc", host+"/conf"), os.Symlink("../lib", host+"/etc/lib"),
		os.WriteFile(host+"/etc/passwd", nil, 0o600), os.Symlink("/gone", host+"/etc/gone"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"-w /etc/passwd -k a":                           "",
		"-w /conf/passwd -k a":                          "",
		"-w /conf -k a":                                 "/conf is a symbolic link, and what happens to /etc is not seen: write /etc (symlink-watch)",
		"-w /etc/lib -k a":                              "/etc/lib is a symbolic link, and what happens to /lib is not seen: write /lib (symlink-watch)",
		"-w /etc/gone -k a":                             "/etc/gone is a symbolic link, and what happens to /gone is not seen: write /gone (symlink-watch)",
		"-a always,exit -F path=/conf/cron.d -k a":      "/conf/cron.d is a directory, and path= does not see the files in it: write dir=/conf/cron.d (watch-should-be-dir)",
		"-a always,exit -F dir=/etc/passwd -k a":        "/etc/passwd is no directory, and dir= takes one: write path=/etc/passwd (watch-should-be-dir)",
		"-a always,exit -F dir=/etc/passwd/below -k a ": "directory /etc/passwd/below is not there, so the rule waits for it: nothing needs to be done if it comes later, or on other nodes (missing-path)",
	} {
		got := run(t, map[string]string{"a.rules": line}, "", "lint", "--notes", "--skip", "cost", "--root", host, "a.rules")
		_, text, _ := strings.Cut(strings.TrimSuffix(got.out, "\n"), "a.rules:1:1: ")
		if _, text, _ = strings.Cut(text, ": "); text != want || strings.Count(got.out, "\n") > 1 || got.err != "" {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestLintOrdersByFileAndLine(t *testing.T) {
	files := map[string]string{"b.rules": "-w x\n" + forPeople + "-w y\n", "a.rules": forPeople}
	got := run(t, files, "", "lint", "b.rules", "a.rules")
	var places []string
	for line := range strings.Lines(got.out) {
		place, _, _ := strings.Cut(line, ": ")
		places = append(places, place)
	}
	if diff := cmp.Diff([]string{"b.rules:1:4", "b.rules:2:1", "b.rules:2:1", "b.rules:3:4", "a.rules:1:1", "a.rules:1:1"}, places); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.words != "b.rules"+costOfOne+"a.rules"+costOfOne || got.err != "2 errors and 4 warnings" {
		t.Errorf("%+v", got)
	}
}

func TestLintOfAPolicyIsAtItsLines(t *testing.T) {
	text := policy("p", "rules: |", "  "+forPeople+"    "+forPeople+"    -w /etc/passwd -p wa -k id")
	got := run(t, map[string]string{"p.yaml": text}, "", "lint", "--skip", "missing-b32,auid-unset-in-containers", "p.yaml")
	want := ran{
		out:   "p.yaml:7:5: warning: the same rule as in line 6: remove one, the kernel takes it once (duplicate)\n",
		words: "p.yaml:5:10: note: 3 rules, 2 walked by every system call and 1 found by file: about 3 ns for each system call; nodes make 2 of them, 1 walked: about 1 ns (cost)\n",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ran{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLintGivesProgramsTheCost(t *testing.T) {
	got := run(t, map[string]string{"a.rules": "-w /etc/passwd -p wa -k id"}, "", "lint", "-o", "json", "a.rules")
	var found []map[string]any
	if err := json.Unmarshal([]byte(got.out), &found); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"severity": "note", "check": "cost", "file": "a.rules",
		"message": "1 rule, 0 walked by every system call and 1 found by file: about 0 ns for each system call",
		"cost": map[string]any{
			"rules": 1., "linear": 0., "hashed": 1., "nanoseconds": 0.,
			"optimised": map[string]any{"rules": 1., "linear": 0., "hashed": 1., "nanoseconds": 0.},
		},
	}}
	if diff := cmp.Diff(want, found); diff != "" || got.words != "" {
		t.Errorf("(-want +got):\n%s%s", diff, got.words)
	}
}
