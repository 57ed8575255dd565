package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
)

// severity is how much a finding matters. Its values are part of the JSON output.
type severity string

const (
	isError   severity = "error"
	isWarning severity = "warning"
	isNote    severity = "note"
)

// finding is something to tell about a place in a file. Line and Column count from 1, and are 0 where there is no place to name.
type finding struct {
	Severity severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Policy   string   `json:"policy,omitempty"`
	Message  string   `json:"message"`
	Fix      string   `json:"fix,omitempty"`
	// Check is the name of what found it, as in docs/lint.md. Policies and objects have none.
	Check string `json:"check,omitempty"`
	// Other is the line of the rule that the message compares with.
	Other int `json:"other,omitempty"`
	// Cost is what all rules of the file or policy cost, where Check is cost.
	Cost *lint.Cost `json:"cost,omitempty"`
}

// String returns the finding in the form that editors and CI systems know: file:line:column: severity: message.
func (f finding) String() string {
	var s strings.Builder
	s.WriteString(f.File)
	for _, n := range []int{f.Line, f.Column} {
		if n > 0 {
			fmt.Fprintf(&s, ":%d", n)
		}
	}
	fmt.Fprintf(&s, ": %s: %s", f.Severity, f.Message)
	if f.Fix != "" {
		s.WriteString(": " + f.Fix)
	}
	if lint.Skippable(f.Check) {
		s.WriteString(" (" + f.Check + ")")
	}
	return s.String()
}

// sorted puts the findings of one file in the order of its lines.
func sorted(findings []finding) []finding {
	slices.SortStableFunc(findings, func(a, b finding) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return findings
}

// count returns how many findings have the severity.
func count(findings []finding, of severity) int {
	n := 0
	for _, f := range findings {
		if f.Severity == of {
			n++
		}
	}
	return n
}

// plural writes a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func severityOf(p rule.Problem) severity {
	switch p.Severity {
	case rule.Error:
		return isError
	case rule.Note:
		return isNote
	default:
		return isWarning
	}
}
