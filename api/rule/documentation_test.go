package rule

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the answers into docs/rules.md instead of comparing with them")

// Blocks marked rules in the documentation are rules, each with what Parse says of it, indented.
func TestDocumentationSaysWhatTheParserSays(t *testing.T) {
	const page = "../../docs/rules.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got := answered(string(content))
	if strings.Count(got, answer) < 20 {
		t.Errorf("%s has hardly an example", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(content), got); diff != "" {
		t.Errorf("%s, -update writes it (-want +got):\n%s", page, diff)
	}
}

// answer is how the lines begin that the test writes.
const answer = "    "

// answered returns the page with new answers.
func answered(page string) string {
	var out strings.Builder
	inside, open := false, ""
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			inside = line == "```rules\n"
		} else if inside && strings.HasPrefix(line, answer) {
			continue
		}
		out.WriteString(line)
		if !inside || strings.HasPrefix(line, "```") {
			continue
		}
		if open += line; !endsOpen(strings.TrimSuffix(line, "\n")) {
			out.WriteString(answers(open))
			open = ""
		}
	}
	return out.String()
}

// answers are the problems of a rule and the rules that it gives, where they are written in another way.
func answers(text string) string {
	var out strings.Builder
	file, problems := Parse(text)
	for _, p := range problems {
		severity := map[Severity]string{Error: "error", Warning: "warning", Note: "note"}[p.Severity]
		_, place, _ := strings.Cut(p.String(), ", ") // without the line
		fmt.Fprintf(&out, "%s%s, %s\n", answer, severity, place)
	}
	for _, r := range file.Rules {
		if r.String() != strings.TrimSpace(text) {
			fmt.Fprintf(&out, "%s→ %s\n", answer, r)
		}
	}
	return out.String()
}
