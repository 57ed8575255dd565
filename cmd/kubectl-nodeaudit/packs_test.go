package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule/packs"
)

func TestPacksAreListed(t *testing.T) {
	got := run(t, nil, "", "packs")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.err != "" || len(lines) != len(packs.Names)+1 || strings.Join(strings.Fields(lines[0]), " ") != "NAME VERSION RULES TITLE" {
		t.Fatalf("%+v", got)
	}
	for i, name := range packs.Names {
		if !strings.HasPrefix(lines[i+1], name+" ") {
			t.Errorf("line %d: %s", i+1, lines[i+1])
		}
	}
}

func TestAPrintedPackLintsAndCompilesLikeThePack(t *testing.T) {
	printed := run(t, nil, "", "packs", "docker", "cis", "--uid-min", "500")
	if printed.err != "" || !strings.Contains(printed.out, "auid>=500") || strings.Contains(printed.out, "auid>=1000") {
		t.Fatalf("%+v", printed)
	}
	files := map[string]string{
		"p.rules": printed.out,
		"p.yaml":  policy("p", "packs: [docker, cis]", "packParameters: {uidMin: 500}"),
	}
	byText, byName := run(t, files, "", "compile", "p.rules"), run(t, files, "", "compile", "p.yaml")
	if diff := cmp.Diff(byText, byName, cmp.AllowUnexported(ran{})); diff != "" || byText.err != "" || byText.out == "" {
		t.Errorf("%s (-text +name):\n%s", byText.err, diff)
	}
	if got := run(t, files, "", "lint", "p.yaml"); got.err != "" || got.out != "" {
		t.Errorf("lint: %+v", got)
	}
}

func TestPacksInJSONHaveTheReferenceOfEachRule(t *testing.T) {
	var list []packObject
	if got := run(t, nil, "", "packs", "stig", "noise", "-o", "json"); json.Unmarshal([]byte(got.out), &list) != nil || len(list) != 2 {
		t.Fatalf("%+v", got)
	}
	last := list[0].Rules[len(list[0].Rules)-1]
	want := packedRule{"-w /var/log/tallylog -p wa -k logins", []string{"logins"}, []string{"RHEL-09-654260"}, "logins that failed, as older releases count them"}
	if diff := cmp.Diff(want, last); diff != "" || len(list[0].Rules) != list[0].Count {
		t.Errorf("%d of %d rules, the last (-want +got):\n%s", len(list[0].Rules), list[0].Count, diff)
	}
	if got := run(t, nil, "", "packs", "-o", "json"); json.Unmarshal([]byte(got.out), &list) != nil || len(list) != len(packs.Names) || strings.Contains(got.out, "\"rules\"") {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNoPackIsSaid(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"packs swarm", "pack swarm is not known: write docker, kubernetes-node, cis, stig, pci-dss, ospp, attack, self-protection or noise"},
		{"packs -o yaml", "-o yaml: it is text or json"},
		{"packs cis --uid-min 0", "--uid-min 0: write a number from 1 to 4294967294"},
	} {
		if got := run(t, nil, "", strings.Fields(test.args)...); got.err != test.want || got.out != "" {
			t.Errorf("%s: %+v", test.args, got)
		}
	}
	files := map[string]string{"p.yaml": policy("p", "rules: -w /a -p w -k a", "packs: [cis, swarm]")}
	want := `p.yaml:6:16: error: pack "swarm" is not known: write docker, kubernetes-node, cis, stig, pci-dss, ospp, attack, self-protection or noise` + "\n"
	if got := run(t, files, "", "lint", "p.yaml"); got.out != want || got.err != "1 error" {
		t.Errorf("%+v", got)
	}
}

func TestCompiledRulesOfPacksSayFromWhichPackTheyAre(t *testing.T) {
	files := map[string]string{"p.yaml": policy("p", "rules: -w /a -p w -k a", "packs: [docker, cis]")}
	got := run(t, files, "", "compile", "--as-written", "-o", "json", "--root", ".", "p.yaml")
	count := map[string]int{}
	for line := range strings.Lines(got.out) {
		var object compiled
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		count[object.Pack]++
	}
	// cis has one rule for privileged programs, of which this root has none
	if want := map[string]int{"": 1, "docker": 31, "cis": 66}; !cmp.Equal(want, count) || got.err != "" {
		t.Errorf("%v, want %v; %s%s", count, want, got.words, got.err)
	}
}

func TestPrivilegedProgramsOfTheRootAreCompiled(t *testing.T) {
	files := map[string]string{"a.rules": "-a always,exit -F path=@privileged -F perm=x -k privileged\n"}
	if got := run(t, files, "", "compile", "a.rules"); got.out != "-a always,exit -S all -F path=@privileged -F perm=x -F key=privileged\n" || got.err != "" {
		t.Errorf("without a root: %+v", got)
	}
	node := t.TempDir()
	for name, mode := range map[string]os.FileMode{"su": 0o755 | os.ModeSetuid, "ls": 0o755} {
		path := filepath.Join(node, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for output, lines := range map[string]int{"rules": 1, "hex": 1, "json": 1} {
		got := run(t, files, "", "compile", "-o", output, "--root", node, "a.rules")
		if strings.Count(got.out, "\n") != lines || got.err != "" || output != "hex" && !strings.Contains(got.out, "path=/su ") {
			t.Errorf("-o %s: %+v", output, got)
		}
	}
}
