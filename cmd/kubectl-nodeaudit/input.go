package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
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
	return sorted(append(found, i.verdict(text, problems)...))
}

func (i *input) problem(p rule.Problem) finding {
	at, exact := i.locate(p)
	message := p.Message
	if !exact {
		message = fmt.Sprintf("line %d of the rules, column %d: %s", p.Line, p.Column, message)
	}
	f := i.finding(severityOf(p), at, message, p.Fix)
	f.Check = lint.CheckOf(p)
	if p.Other > 0 {
		i.other(&f, p.Other)
	}
	return f
}

// other says in terms of the file which line a message compares with.
func (i *input) other(f *finding, line int) {
	at, exact := i.locate(rule.Problem{Line: line, Column: 1})
	where := fmt.Sprintf("line %d", at.line)
	if !exact {
		where += fmt.Sprintf(", line %d of the rules", line)
	}
	f.Other = at.line
	f.Message = strings.Replace(f.Message, fmt.Sprintf("line %d", line), where, 1)
}

// lint returns what is doubtful about the rules together, on such nodes.
func (i *input) lint(target lint.Target) []finding {
	var found []finding
	for _, p := range target.Rules(i.rules) {
		found = append(found, i.problem(p))
	}
	return found
}

// cost returns what the rules cost on such nodes, as a note. It returns false where there are none.
func (i *input) cost(target lint.Target) (finding, bool) {
	rules := i.all()
	if len(rules) == 0 {
		return finding{}, false
	}
	c := target.Cost(rules)
	f := i.finding(isNote, i.at, c.String(), "")
	f.Check, f.Cost = "cost", &c
	return f, true
}

// files are what was read.
type files struct {
	inputs []*input
	found  []finding         // what is wrong with them
	texts  map[string]string // by the name that findings have
}

// read returns what is in the files. The error says that a file cannot be read at all.
func read(names []string, stdin io.Reader) (*files, error) {
	all := &files{texts: map[string]string{}}
	for _, name := range names {
		text, err := content(name, stdin)
		if err != nil {
			return nil, err
		}
		name = fileName(name)
		all.texts[name] = text
		if !holdsRules(name, text) {
			policies, problems := readManifest(name, text)
			all.inputs, all.found = append(all.inputs, policies...), append(all.found, problems...)
			continue
		}
		i := &input{file: name, locate: asIs}
		all.inputs, all.found = append(all.inputs, i), append(all.found, i.parse(text)...)
	}
	return all, nil
}

// fileName is what findings call a file.
func fileName(name string) string {
	if name == "-" {
		return "<stdin>"
	}
	return name
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
