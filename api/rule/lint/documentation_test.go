package lint

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

var update = flag.Bool("update", false, "write the answers into docs/lint.md instead of comparing with them, and the counts into testdata")

// tree is a host's files: a directory, a file, or what a link leads to.
type tree map[string]string

const (
	aDirectory = "dir"
	aFile      = "file"
)

func (t tree) Look(path string) (Kind, string) {
	switch what := t[path]; what {
	case "":
		return Missing, ""
	case aDirectory:
		return Directory, ""
	case aFile:
		return Other, ""
	default:
		return Symlink, what
	}
}

// documented is the node of docs/lint.md.
var documented = Target{Machine: "x86_64", Kernel: "5.4.0-90-generic", Files: tree{
	"/bin": "/usr/bin", "/etc": aDirectory, "/etc/cron.d": aDirectory, "/usr/bin": aDirectory, "/usr/bin/curl": aFile, "/etc/passwd": aFile,
}}

// withoutExample are the checks whose sections have no rules: a key of 257 bytes explains nothing, and a manifest is no rule.
var withoutExample = []string{keyTooLong, "manifest"}

// A section has a block of rules with what the check answers, indented, and one of mended rules, to which it answers nothing.
func TestDocumentationSaysWhatLintSays(t *testing.T) {
	const page = "../../../docs/lint.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, sections := sectionsOf(string(content))
	got := head
	var order []string
	for _, s := range sections {
		order = append(order, s.check)
		got += s.answered(t)
	}
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(content), got); diff != "" {
		t.Errorf("%s, -update writes it (-want +got):\n%s", page, diff)
	}
	var want []string
	for _, c := range Checks() {
		if want = append(want, c.ID); c.ID == keyTooLong {
			want = append(want, "manifest") // of the command line tool, where it is tested
		}
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("sections of %s (-checks +sections):\n%s", page, diff)
	}
}

type section struct{ check, text string }

// sectionsOf cuts the page at the headings.
func sectionsOf(page string) (head string, sections []section) {
	parts := strings.Split(page, "\n## ")
	for _, part := range parts[1:] {
		name, _, _ := strings.Cut(part, "\n")
		sections = append(sections, section{name, "\n## " + part})
	}
	return parts[0], sections
}

// answered returns the section with new answers.
func (s section) answered(t *testing.T) string {
	t.Helper()
	const open, end, answer = "```rules\n", "```\n", "    "
	parts := strings.Split(s.text, open)
	if len(parts) == 1 && !slices.Contains(withoutExample, s.check) {
		t.Errorf("section %s has no example", s.check)
	}
	for i := range parts[1:] {
		block, rest, _ := strings.Cut(parts[i+1], end)
		rules := ""
		for line := range strings.Lines(block) {
			if !strings.HasPrefix(line, answer) {
				rules += line
			}
		}
		answers := s.answers(rules)
		if (i == 0) != (len(answers) > 0) {
			t.Errorf("section %s, block %d: answers %q", s.check, i+1, answers)
		}
		for _, a := range answers {
			rules += answer + a + "\n"
		}
		parts[i+1] = rules + end + rest
	}
	return strings.Join(parts, open)
}

// answers are what the section's check says of the rules.
func (s section) answers(text string) []string {
	file, problems := rule.Parse(text)
	if s.check == cost {
		return []string{"note: " + documented.Cost(file.Rules).String()}
	}
	var answers []string
	for _, p := range append(problems, documented.Rules(file.Rules)...) {
		if CheckOf(p) == s.check {
			severity := []string{"error", "warning", "note"}[p.Severity]
			answers = append(answers, strings.TrimSuffix(fmt.Sprintf("%s, line %d: %s: %s", severity, p.Line, p.Message, p.Fix), ": "))
		}
	}
	return answers
}
