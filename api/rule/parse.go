package rule

import (
	"fmt"
	"slices"
	"strings"
	"sync"
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

// byteOrderMark stands before texts that some editors write.
const byteOrderMark = "\ufeff"

// Parse reads a rules file as auditctl -R does, and is stricter: what auditctl reads as something else without a word is an error here.
// Lines with an error are left out of the File.
func Parse(content string) (File, []Problem) {
	p := parsers.Get().(*parser)
	defer p.leave()
	p.line = 1
	text := strings.TrimPrefix(content, byteOrderMark)
	if len(text) < len(content) {
		p.warn(1, "auditctl refuses the byte order mark before the first line; here it is left out")
	}
	lines(text, p.read)
	return p.file, p.problems
}

// parser reads a text line by line.
type parser struct {
	file     File
	problems []Problem

	line      int
	next      int // the word that is read next
	rule      Rule
	kind      byte // 'a' for -a and -A, 'w' for -w, 'd' for -d, 'W' for -W, 0 before any
	permGiven bool
	failed    bool

	// The words and architectures of a line are in room that the next line, and the next text, use again.
	words  []word
	arches []field
}

// parsers keep their room from one text to the next.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// leave gives the room back.
func (p *parser) leave() {
	*p = parser{words: p.words, arches: p.arches}
	parsers.Put(p)
}

func (p *parser) warn(column int, message string) {
	p.problems = append(p.problems, Problem{Severity: Warning, Line: p.line, Column: column, Message: message})
}

// note tells what is meant as it stands, under the name of a check.
func (p *parser) note(column int, check, message string) {
	p.problems = append(p.problems, Problem{Severity: Note, Check: check, Line: p.line, Column: column, Message: message})
}

func (p *parser) fail(column int, fix, format string, args ...any) {
	p.failed = true
	p.problems = append(p.problems, Problem{Severity: Error, Line: p.line, Column: column, Message: fmt.Sprintf(format, args...), Fix: fix})
}

// begin makes the parser ready for a line.
func (p *parser) begin(line int) {
	p.line, p.next, p.kind, p.permGiven, p.failed = line, 0, 0, false, false
	p.arches = p.arches[:0]
	p.rule = Rule{line: line}
}

func (p *parser) read(line logicalLine) {
	p.begin(line.number)
	text := strings.TrimLeft(line.text, " \t")
	if text == "" || text[0] == '#' {
		return
	}
	if line.joined {
		p.warn(1, "auditctl does not join lines; here a backslash at the end does")
	}
	p.cut(line.text)
	for i, w := range p.words {
		if line.text[w.column-1] == '#' {
			p.warn(w.column, "auditctl refuses a comment behind a rule; here it is left out")
			p.words = p.words[:i]
			break
		}
	}
	if p.failed || len(p.words) == 0 || p.control() {
		return
	}
	p.rule.fields = make([]field, 0, len(p.words)/2) // one for each option, less the one that the rule begins with
	for p.next < len(p.words) && !p.failed {
		p.option()
	}
	if p.finish(); !p.failed {
		p.keep()
	}
}

// keep adds the rule to the file, or does what it stands for: a rule for each architecture, or a deletion.
func (p *parser) keep() {
	add := p.add
	if p.kind == 'd' || p.kind == 'W' {
		add = p.delete
	}
	if len(p.arches) < 2 {
		add(p.rule)
		return
	}
	for _, r := range p.forEachArch() {
		add(r)
	}
}

func (p *parser) add(r Rule) { p.file.Rules = append(p.file.Rules, r) }

// forEachArch gives each architecture that the line names a rule of its own.
func (p *parser) forEachArch() []Rule {
	rules := make([]Rule, 0, len(p.arches))
	for _, a := range p.arches {
		r := p.rule
		r.fields = slices.Clone(r.fields)
		for i := range r.fields {
			if r.fields[i].id == fieldArch {
				r.fields[i] = a
			}
		}
		rules = append(rules, r)
	}
	return rules
}
