package main

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// place is where something stands in a file, both from 1; the column counts bytes.
type place struct {
	line, column int
}

// locate turns the place of a problem in a text of rules into one in the file. exact is false where the file writes the text in another way,
// folded for example: then the place is that of the text's beginning.
type locate func(p rule.Problem) (at place, exact bool)

// asIs is for files that hold nothing but rules.
func asIs(p rule.Problem) (place, bool) { return place{p.Line, p.Column}, true }

// inScalar returns how to find the lines of a YAML scalar in the file. first is the number of lines of the file before lines.
func inScalar(node *yaml.Node, lines []string, first int) locate {
	if node.Style == yaml.LiteralStyle {
		if margin, ok := margin(node, lines); ok {
			return func(p rule.Problem) (place, bool) {
				return place{first + node.Line + p.Line, margin + p.Column}, true
			}
		}
	}
	at := start(node, lines, first)
	written := lineAt(lines, node.Line)
	written = written[min(at.column-1, len(written)):]
	if node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
		if strings.HasPrefix(written, node.Value) {
			return func(p rule.Problem) (place, bool) { return place{at.line, at.column + p.Column - 1}, true }
		}
	} else if written != "" && strings.HasPrefix(written[1:], node.Value+written[:1]) {
		return func(p rule.Problem) (place, bool) { return place{at.line, at.column + p.Column}, true }
	}
	return func(rule.Problem) (place, bool) { return at, false }
}

// margin is by how much the lines of a literal block are indented. It returns false where they do not stand below the | as they are.
func margin(node *yaml.Node, lines []string) (int, bool) {
	for i, want := range strings.Split(strings.TrimRight(node.Value, "\n"), "\n") {
		if node.Line+i >= len(lines) {
			return 0, false
		}
		if strings.TrimSpace(want) != "" {
			found := strings.TrimSuffix(lines[node.Line+i], "\r")
			return len(found) - len(want), strings.HasSuffix(found, want)
		}
	}
	return 0, true
}

// start is where a node begins. YAML counts columns in characters.
func start(node *yaml.Node, lines []string, first int) place {
	line := []rune(lineAt(lines, node.Line))
	before := min(node.Column-1, len(line))
	return place{first + min(node.Line, len(lines)), len(string(line[:before])) + 1}
}

// lineAt returns a line, which is not always there: for YAML a lone carriage return and some characters of Unicode end a line too.
func lineAt(lines []string, number int) string {
	if number > len(lines) {
		return ""
	}
	return lines[number-1]
}
