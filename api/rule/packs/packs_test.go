package packs

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
)

var update = flag.Bool("update", false, "write the tables of docs/packs.md instead of comparing with them")

func TestEveryPackHasItsHead(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil || len(entries) != len(Names) {
		t.Errorf("%d files for %d names, %v", len(entries), len(Names), err)
	}
	for i, p := range All() {
		if p.Name != Names[i] {
			t.Errorf("the file of %s says it is %q", Names[i], p.Name)
		}
		if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(p.Version) || p.Title == "" || p.Covers == "" || len(p.Sources) == 0 {
			t.Errorf("%s: the head lacks something: %+v", p.Name, p)
		}
	}
	if _, found := Find("packs"); found {
		t.Error("a pack is found that there is not")
	}
}

// longestKey keeps keys short: that of the longest name that the examples of the protection profile use.
const longestKey = len("unsuccessful-owner-change")

func TestEveryRuleParsesWithoutProblemsAndIsThereOnce(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Name, func(t *testing.T) {
			rules, problems := p.Parse(Parameters{})
			for _, problem := range problems {
				t.Error(problem)
			}
			seen := map[string]bool{}
			for _, r := range rules {
				if seen[r.String()] {
					t.Errorf("twice: %s", r)
				}
				seen[r.String()] = true
				if keys := r.Keys(); len(keys) != 1 || len(keys[0]) > longestKey {
					t.Errorf("keys %q: %s", keys, r)
				}
			}
		})
	}
}

// TestLintHasLittleToSay about packs. People who log in are whom most of these demands mean; exe= in a never rule means the node's program
// and no container's; /run/containerd is a directory of which the tree is left out on purpose.
func TestLintHasLittleToSay(t *testing.T) {
	meant := []string{"auid-unset-in-containers", "exe-across-images"}
	for _, p := range All() {
		rules, _ := p.Parse(Parameters{})
		for _, problem := range lint.Rules(rules, "x86_64") {
			if !slices.Contains(meant, lint.CheckOf(problem)) && !strings.Contains(problem.Message, "/run/containerd looks like a directory") {
				t.Errorf("%s: %s", p.Name, problem)
			}
		}
	}
}

// reference is the document in one word, and its number where it has such.
var reference = regexp.MustCompile(`^(CIS-Docker \d|CIS-Kubernetes \d|CIS \d|RHEL-09-\d{6}$|PCI-DSS 10\.|OSPP FAU_GEN\.1\.1 [a-z]|ATT&CK T\d{4}|NIST [A-Z]{2}-\d|runtime |kubelet$|time$|record [A-Z_]+$|[\d.]+$|T\d{4}(\.\d{3})?$|[A-Z]{2}-\d+$|dockerd$|cri-o$)`)

func TestEveryRuleHasItsReferenceAndReason(t *testing.T) {
	for _, p := range All() {
		for _, g := range p.Groups {
			for _, r := range g.References {
				if !reference.MatchString(r) {
					t.Errorf("%s: reference %q", p.Name, r)
				}
			}
			if len(g.Reason) < 5 || strings.HasSuffix(g.Reason, ".") || len(g.Lines) == 0 {
				t.Errorf("%s: reason %q, %d rules", p.Name, g.Reason, len(g.Lines))
			}
		}
		text, err := files.ReadFile(p.Name + ".rules")
		if err != nil {
			t.Fatal(err)
		}
		written, grouped := 0, 0
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "-") {
				written++
			}
		}
		for _, g := range p.Groups {
			grouped += len(g.Lines)
		}
		if written != grouped {
			t.Errorf("%s: %d rules of %d have a reference above them", p.Name, grouped, written)
		}
	}
}

func TestKeysOfTechniquesAreTheirReferences(t *testing.T) {
	p, _ := Find("attack")
	for _, g := range p.Groups {
		for _, line := range g.Lines {
			if want := strings.TrimPrefix(g.References[0], "ATT&CK "); !strings.HasSuffix(line, " -k "+want) {
				t.Errorf("below %s stands %s", g.References, line)
			}
		}
	}
}

// machine is a host of which only the architecture counts.
type machine string

func (machine) IsDir(string) bool             { return false }
func (machine) UserID(string) (uint32, bool)  { return 0, false }
func (machine) GroupID(string) (uint32, bool) { return 0, false }
func (m machine) Machine() string             { return string(m) }

func TestEveryRuleHasItsBytesOnBothArchitecturesOfNodes(t *testing.T) {
	for _, uname := range []machine{"x86_64", "aarch64"} {
		for _, p := range All() {
			rules, _ := p.Parse(Parameters{})
			for _, r := range rules {
				if _, err := r.WithPath("/usr/bin/su").Encode(uname); err != nil {
					t.Errorf("%s, %s: %s: %v", uname, p.Name, r, err)
				}
			}
		}
	}
}

func TestCallsGoToTheArchitecturesThatHaveThem(t *testing.T) {
	for line, want := range map[string][]string{
		"-w /etc -p wa -k a":                                  {"-w /etc -p wa -k a"},
		"-a always,exit -F arch=b64 -S open":                  {"-a always,exit -F arch=b64 -S open"},
		"-a always,exit -F arch=b64 -F arch=b32 -S bind -k a": {"-a always,exit -F arch=b64 -S bind -k a", "-a always,exit -F arch=b32 -S bind -k a"},
		"-a always,exit -F arch=b64 -F arch=b32 -S open,openat -F a0=1": {
			"-a always,exit -F arch=b64 -S openat -F a0=1", "-a always,exit -F arch=x86_64 -S open -F a0=1", "-a always,exit -F arch=b32 -S open,openat -F a0=1",
		},
		"-a always,exit -F arch=b64 -F arch=b32 -S umount,utime,kexec_file_load": {
			"-a always,exit -F arch=b64 -S kexec_file_load", "-a always,exit -F arch=x86_64 -S utime", "-a always,exit -F arch=i386 -S umount,utime",
		},
	} {
		if diff := cmp.Diff(want, eachArch(line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

func TestTheFirstIDOfPeopleIsAParameter(t *testing.T) {
	p, _ := Find("cis")
	for uidMin, want := range map[uint32]string{0: " auid>=1000 ", 500: " auid>=500 "} {
		text := p.Text(Parameters{UIDMin: uidMin})
		if strings.Contains(text, "{") || strings.Count(text, "-F"+want) != strings.Count(text, "auid>=") {
			t.Errorf("uidMin %d:\n%s", uidMin, text)
		}
	}
}

func TestThePrintedTextIsThePack(t *testing.T) {
	for _, p := range All() {
		again := read(p.Text(Parameters{}))
		for i := range p.Groups {
			p.Groups[i].Lines = p.Groups[i].Rules(Parameters{})
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.Name, diff)
		}
	}
}

// TestDocumentation keeps the tables of docs/packs.md.
func TestDocumentation(t *testing.T) {
	const file = "../../../docs/packs.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- made by go test ./api/rule/packs -update -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the tables", file)
	}
	want := before + begin + tables() + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("-update writes it (-want +got):\n%s", diff)
	}
}

func tables() string {
	var text strings.Builder
	text.WriteString("\n| pack | version | rules | keys | what it is |\n|---|---|---|---|---|\n")
	for _, p := range All() {
		rules, _ := p.Parse(Parameters{})
		fmt.Fprintf(&text, "| [`%s`](#%s) | %s | %d | %d | %s |\n", p.Name, p.Name, p.Version, len(rules), len(keys(rules)), p.Title)
	}
	for _, p := range All() {
		rules, _ := p.Parse(Parameters{})
		fmt.Fprintf(&text, "\n### %s\n\n%s. Covers: %s.\n\n", p.Name, p.Title, p.Covers)
		for _, source := range p.Sources {
			text.WriteString("- Source: " + source + "\n")
		}
		text.WriteString("- Keys: `" + strings.Join(keys(rules), "`, `") + "`\n")
		text.WriteString("\n| reference | rules | reason |\n|---|---|---|\n")
		for _, g := range p.Groups {
			fmt.Fprintf(&text, "| %s | %d | %s |\n", strings.Join(g.References, ", "), len(g.Rules(Parameters{})), strings.ReplaceAll(g.Reason, "|", `\|`))
		}
	}
	text.WriteString("\n")
	return text.String()
}

func keys(rules []rule.Rule) []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.Keys()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
