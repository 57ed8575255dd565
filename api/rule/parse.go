package rule

import (
	"fmt"
	"strings"
)

// String returns the problem with its place, for example `line 3, column 7: unknown field "uidd": did you mean uid?`.
func (p Problem) String() string {
	s := fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
	if p.Fix != "" {
		s += ": " + p.Fix
	}
	return s
}

// File is a parsed text.
type File struct {
	// Rules are its rules in order.
	Rules []Rule
	// Settings are what its control lines ask for.
	Settings Settings
}

// Parse reads a rules file as auditctl -R does, and is stricter: what auditctl reads as something else without a word is an error here.
// Lines with an error are left out of the File.
func Parse(content string) (File, []Problem) {
	var file File
	var problems []Problem
	for _, line := range lines(content) {
		p := parser{line: line.number}
		if strings.TrimSpace(line.text) == "" || strings.HasPrefix(strings.TrimLeft(line.text, " \t"), "#") {
			continue
		}
		if line.joined {
			p.warn(1, "auditctl does not join lines; here a backslash at the end does")
		}
		rules := p.parse(line.text, &file.Settings)
		problems = append(problems, p.problems...)
		if !p.failed {
			file.Rules = append(file.Rules, rules...)
		}
	}
	return file, problems
}

// parser reads one line.
type parser struct {
	line      int
	words     []word
	next      int
	rule      Rule
	kind      byte // 'w' for -w, 'a' for -a and -A, 0 before either
	permGiven bool
	arches    []field
	problems  []Problem
	failed    bool
}

func (p *parser) warn(column int, message string) {
	p.problems = append(p.problems, Problem{Severity: Warning, Line: p.line, Column: column, Message: message})
}

func (p *parser) fail(column int, fix, format string, args ...any) {
	p.failed = true
	p.problems = append(p.problems, Problem{Severity: Error, Line: p.line, Column: column, Message: fmt.Sprintf(format, args...), Fix: fix})
}

func (p *parser) parse(line string, settings *Settings) []Rule {
	p.words = words(line, p.warn)
	for i, w := range p.words {
		if strings.HasPrefix(w.text, "#") {
			p.warn(w.column, "auditctl refuses a comment behind a rule; here it is left out")
			p.words = p.words[:i]
			break
		}
	}
	p.rule.line = p.line
	if len(p.words) == 0 || p.control(settings) {
		return nil
	}
	for p.next < len(p.words) && !p.failed {
		p.option()
	}
	if p.failed {
		return nil
	}
	p.finish()
	return p.expand()
}
