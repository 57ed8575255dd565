package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// input is a text of rules: a rules file, or one policy.
type input struct {
	file   string
	policy *v1alpha1.AuditPolicy // nil for a rules file
	at     place                 // of the policy, zero for a rules file
	rules  []rule.Rule
	locate locate
	wrong  bool // an error was found in it
}

// name is the policy's name, empty for a rules file.
func (i *input) name() string {
	if i.policy == nil {
		return ""
	}
	return i.policy.Name
}

// finding returns one at the given place of the input's file.
func (i *input) finding(s severity, at place, message, fix string) finding {
	return finding{Severity: s, File: i.file, Line: at.line, Column: at.column, Policy: i.name(), Message: message, Fix: fix}
}

// parse reads the rules and tells, in terms of the file, what is wrong with them and with the policy as a whole.
func (i *input) parse(text string) []finding {
	var found []finding
	file, problems := rule.Parse(text)
	for _, p := range problems {
		found = append(found, i.problem(p))
	}
	i.rules = file.Rules
	found = append(found, i.duplicates()...)
	return sorted(append(found, i.verdict(text, problems)...))
}

func (i *input) problem(p rule.Problem) finding {
	at, exact := i.locate(p)
	message := p.Message
	if !exact {
		message = fmt.Sprintf("line %d of the rules, column %d: %s", p.Line, p.Column, message)
	}
	return i.finding(severityOf(p), at, message, p.Fix)
}

// duplicates finds rules that are exactly like an earlier one. A line that names two architectures gives two rules and one finding.
func (i *input) duplicates() []finding {
	var found []finding
	first, told := map[string]rule.Rule{}, map[int]bool{}
	for _, r := range i.rules {
		earlier, seen := first[r.String()]
		if !seen {
			first[r.String()] = r
			continue
		}
		if told[r.Line()] || earlier.Line() == r.Line() {
			continue
		}
		told[r.Line()] = true
		at, exact := i.locate(rule.Problem{Line: earlier.Line(), Column: 1})
		where := fmt.Sprintf("line %d", at.line)
		if !exact {
			where += fmt.Sprintf(", line %d of the rules", earlier.Line())
		}
		found = append(found, i.problem(rule.Problem{
			Severity: rule.Warning, Line: r.Line(), Column: 1, Message: "the same rule as in " + where, Fix: "remove one, the kernel takes it once",
		}))
	}
	return found
}

// read returns the inputs in the files, and what is wrong with them. The error says that a file cannot be read at all.
func read(names []string, stdin io.Reader) ([]*input, []finding, error) {
	var inputs []*input
	var found []finding
	for _, name := range names {
		text, err := content(name, stdin)
		if err != nil {
			return nil, nil, err
		}
		if name == "-" {
			name = "<stdin>"
		}
		if !holdsRules(name, text) {
			policies, problems := readManifest(name, text)
			inputs, found = append(inputs, policies...), append(found, problems...)
			continue
		}
		i := &input{file: name, locate: asIs}
		inputs, found = append(inputs, i), append(found, i.parse(text)...)
	}
	return inputs, found, nil
}

func content(name string, stdin io.Reader) (string, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return "", fmt.Errorf("reading rules and policies: %w", err)
	}
	return string(text), nil
}

// holdsRules tells a rules file from YAML, by its name or by its first line that says something.
func holdsRules(name, text string) bool {
	switch filepath.Ext(name) {
	case ".rules":
		return true
	case ".yaml", ".yml", ".json":
		return false
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line[0] == '-' && !strings.HasPrefix(line, "---")
		}
	}
	return true
}
