package rule

import (
	"fmt"
	"strconv"
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

// option reads one option with its value.
func (p *parser) option() {
	w := p.words[p.next]
	p.next++
	if len(w.text) < 2 || w.text[0] != '-' {
		p.fail(w.column, "remove it, or put the option that it belongs to before it", "word %q belongs to no option", w.text)
		return
	}
	letter := w.text[1]
	if strings.IndexByte("aAdwWpkSFC", letter) < 0 {
		p.fail(w.column, "use -a, -A, -w, -p, -k, -S, -F or -C", "unknown option %q", w.text)
		return
	}
	value := word{w.text[2:], w.column + 2}
	if value.text == "" {
		if p.next == len(p.words) {
			p.fail(w.column, "write a value behind it", "option -%c has no value", letter)
			return
		}
		value = p.words[p.next]
		p.next++
	}
	p.apply(letter, w.column, value)
}

func (p *parser) apply(letter byte, column int, value word) {
	switch letter {
	case 'd', 'W':
		p.fail(column, "leave the rule out: what no policy declares is not loaded", "-%c deletes a rule, and a policy declares what shall be there", letter)
	case 'a', 'A':
		p.listAction(letter, value)
	case 'w':
		p.watch(value)
	case 'p':
		if p.need(column, "-p", "-w or -F path=") {
			p.setPerm(value)
		}
	case 'k':
		if p.need(column, "-k", "-w or -a") {
			p.addKey(value)
		}
	case 'S':
		p.addSyscalls(column, value)
	case 'F':
		if p.need(column, "-F", "-w or -a") {
			p.addField(value)
		}
	case 'C':
		if p.need(column, "-C", "-w or -a") {
			p.addCompare(value)
		}
	}
}

func (p *parser) need(column int, option, before string) bool {
	if p.kind == 0 {
		p.fail(column, "put "+before+" first", "%s stands before the rule that it belongs to", option)
	}
	return p.kind != 0
}

func (p *parser) listAction(letter byte, value word) {
	if p.kind != 0 {
		p.fail(value.column, "write two lines", "a line holds one rule")
		return
	}
	p.kind = 'a'
	p.rule.prepend = letter == 'A'
	first, second, found := strings.Cut(value.text, ",")
	if _, isList := listNames[first]; isList {
		first, second = second, first
	}
	a, isAction := actionNames[first]
	l, isList := listNames[second]
	switch {
	case !found || !isAction || !isList:
		fix := "write an action (always, never) and a list (exit, user, exclude, task, filesystem, io_uring), for example always,exit"
		if first == "entry" || second == "entry" {
			fix = "the entry list is gone since Linux 2.6.38: write exit"
		}
		p.fail(value.column, fix, "%q is not an action and a list", value.text)
	default:
		p.rule.action, p.rule.list = a, l
	}
}

func (p *parser) watch(value word) {
	if p.kind != 0 {
		p.fail(value.column, "write two lines, or -F path= with -a", "a line holds one rule")
		return
	}
	p.kind = 'w'
	p.rule.watch, p.rule.action, p.rule.list = true, always, listExit
	p.addPath(fieldType{"path", fieldPath, path}, equal, value)
	p.push(value.column, field{fieldType{"perm", fieldPerm, perms}, equal, operand{number: permAll}})
}

func (p *parser) addPath(t fieldType, op operator, value word) {
	cleaned := value.text
	switch {
	case !strings.HasPrefix(value.text, "/"):
		p.fail(value.column, "write it from the root on, for example /etc/passwd", "path %q does not begin with /", value.text)
		return
	case len(value.text) > maxPath:
		p.fail(value.column, "", "path is longer than %d bytes", maxPath)
		return
	case len(value.text[strings.LastIndexByte(value.text, '/')+1:]) > maxName:
		p.fail(value.column, "", "last part of the path is longer than %d bytes", maxName)
		return
	}
	if p.rule.watch && len(cleaned) > 1 {
		cleaned = strings.TrimRight(cleaned, "/")
		if cleaned == "" {
			cleaned = "/"
		}
	} else if t.id == fieldPath && len(cleaned) > 1 && strings.HasSuffix(cleaned, "/") {
		p.fail(value.column, "leave the slash out, or write dir=", "path %q ends with a slash, which the kernel refuses", value.text)
		return
	}
	if strings.ContainsAny(cleaned, "*?[") {
		p.warn(value.column, "the kernel takes *, ? and [ in a path as they are: they stand for nothing else")
	}
	if strings.Contains(cleaned, "/../") || strings.HasSuffix(cleaned, "/..") {
		p.warn(value.column, "the path goes up with ..: write where it leads")
	}
	p.push(value.column, field{t, op, operand{text: cleaned}})
}

const (
	maxPath = 4096
	maxName = 255
)

func (p *parser) push(column int, f field) {
	if len(p.rule.fields) == maxFields-1 { // auditctl keeps one free, and so can read the rule back
		p.fail(column, "write several rules", "a rule holds at most %d fields", maxFields-1)
		return
	}
	if f.kind == path && f.id != fieldExe && (p.rule.has(fieldPath) || p.rule.has(fieldDir)) {
		p.fail(column, "write a rule for each path", "a rule has one path or dir")
		return
	}
	p.rule.fields = append(p.rule.fields, f)
}

func (p *parser) setPerm(value word) {
	bits, ok := parsePerm(value.text)
	if !ok {
		p.fail(value.column, "write one or more of r, w, x, a", "%q is not a set of permissions", value.text)
		return
	}
	for i, f := range p.rule.fields {
		if f.id == fieldPerm {
			if p.permGiven {
				p.warn(value.column, "a second -p replaces the first")
			}
			p.rule.fields[i].value.number = bits
			p.permGiven = true
			return
		}
	}
	if !p.rule.watch && p.rule.list != listExit {
		p.fail(value.column, "", "permissions belong on the exit list")
		return
	}
	p.permGiven = true
	p.push(value.column, field{fieldType{"perm", fieldPerm, perms}, equal, operand{number: bits}})
}

func (p *parser) addKey(value word) {
	if value.text == "" {
		p.fail(value.column, "", "the key is empty")
		return
	}
	joined := strings.Join(append(p.rule.keys, value.text), keySeparator)
	if len(joined) > maxKey {
		p.fail(value.column, "shorten it", "the keys of a rule are longer than %d bytes", maxKey)
		return
	}
	if p.rule.keys = append(p.rule.keys, value.text); len(p.rule.keys) == 1 {
		p.push(value.column, field{fieldType{"key", fieldKey, text}, equal, operand{}})
	}
}

func (p *parser) addField(value word) {
	name, op, rest, found := cutOperator(value.text)
	at := func(s string) int { return value.column + len(value.text) - len(s) }
	if !found || name == "" || rest == "" {
		p.fail(value.column, "write it as name=value, without spaces", "%q is not a field, an operator and a value", value.text)
		return
	}
	t, known := fieldNamed(name)
	if !known {
		p.fail(value.column, closest(name), "unknown field %q", name)
		return
	}
	v := word{rest, at(rest)}
	switch t.id {
	case fieldKey:
		if op != equal {
			p.fail(value.column, "write key="+rest, "a key takes = only")
			return
		}
		p.addKey(v)
	case fieldPerm:
		if op != equal {
			p.fail(value.column, "write perm="+rest, "perm takes = only")
			return
		}
		p.setPerm(v)
	case fieldArch:
		p.addArch(t, op, v)
	default:
		p.addValue(t, op, v)
	}
}

func (p *parser) addArch(t fieldType, op operator, v word) {
	if op != equal && op != notEqual {
		p.fail(v.column, "write arch=b64 or arch=b32", "arch takes = and != only")
		return
	}
	if len(p.rule.syscalls) > 0 {
		p.fail(v.column, "put -F arch= before the first -S", "arch stands behind -S, whose numbers depend on it")
		return
	}
	if _, known := archNamed(v.text, ""); !known {
		p.fail(v.column, "write b64, b32 or a machine such as x86_64", "unknown architecture %q", v.text)
		return
	}
	f := field{t, op, operand{text: strings.ToLower(v.text)}}
	if len(p.arches) == 0 {
		p.push(v.column, f)
	} else {
		p.warn(v.column, "one event has one architecture, so auditctl makes a rule that never matches; here each arch= gives a rule of its own")
	}
	p.arches = append(p.arches, f)
}

func (p *parser) addValue(t fieldType, op operator, v word) {
	if fix := t.refuses(op); fix != "" {
		p.fail(v.column, fix, "the kernel does not compare %s in this way", t.name)
		return
	}
	if t.kind == path {
		if op != equal && t.id != fieldExe {
			p.fail(v.column, "write "+t.name+"="+v.text, "%s takes = only", t.name)
			return
		}
		p.addPath(t, op, v)
		return
	}
	value, fix, err := parseOperand(t, v.text)
	if err != nil {
		p.fail(v.column, fix, "%s", err)
		return
	}
	p.push(v.column, field{t, op, value})
}

func (p *parser) addCompare(value word) {
	left, op, right, found := cutOperator(value.text)
	if !found || (op != equal && op != notEqual) {
		p.fail(value.column, "write two fields with = or != between them, for example auid!=uid", "%q is not a comparison", value.text)
		return
	}
	number, known := comparisons[left+" "+right]
	if !known {
		number, known = comparisons[right+" "+left]
	}
	if !known {
		p.fail(value.column, "see -C in auditctl(8) for the pairs", "the kernel does not compare %s with %s", left, right)
		return
	}
	p.push(value.column, field{fieldType{"field_compare", fieldFieldCompare, compare}, op, operand{number: number}})
}

func (p *parser) addSyscalls(column int, value word) {
	switch {
	case p.kind == 'w':
		p.fail(column, "write -a always,exit -F path=… -F perm=… -S …", "a watch (-w) takes no system calls")
		return
	case p.kind == 0:
		p.fail(column, "put -a first", "-S stands before the rule that it belongs to")
		return
	case p.rule.list != listExit && p.rule.list != listURing:
		p.fail(column, "leave -S out", "the %s list knows no system calls", nameOf(listNames, p.rule.list))
		return
	}
	for _, name := range strings.Split(value.text, ",") {
		if name == "" {
			continue
		}
		if name == "all" {
			p.rule.all = true
			continue
		}
		if number, err := strconv.ParseUint(name, 0, 32); err == nil && number < maskBits-classBits {
			p.rule.syscalls = append(p.rule.syscalls, syscallName{number: uint32(number)})
			continue
		}
		if !p.knownCall(name) {
			p.fail(value.column, "", "unknown system call %q", name)
			return
		}
		p.rule.syscalls = append(p.rule.syscalls, syscallName{name: name})
	}
}

// knownCall says whether any architecture, or the one that the rule names, has the call.
func (p *parser) knownCall(name string) bool {
	if p.rule.list == listURing {
		_, known := uringNumber(name)
		return known
	}
	return anyArchHas(name)
}

// finish checks the rule as a whole.
func (p *parser) finish() {
	r := &p.rule
	if p.kind == 0 {
		p.fail(p.words[0].column, "begin with -a or -w", "no rule is given")
		return
	}
	if r.list == listExit && len(r.syscalls) == 0 {
		r.all = true
	}
	if len(r.syscalls) > 0 && !r.has(fieldArch) && r.list == listExit && !r.all {
		p.warn(p.words[0].column, "system calls without -F arch= get the numbers of the node's own architecture, which mean other calls in 32-bit programs")
	}
	if len(r.keys) > 0 && !r.watch && r.list == listExit && r.all && len(r.fields) == 1 {
		p.fail(p.words[0].column, "add -S, -F or -w", "a rule with nothing but a key would record every system call")
	}
	p.checkList()
}

// excludeFields are the fields that the exclude list can look at.
var excludeFields = map[uint32]bool{fieldMsgtype: true, 0: true, 1: true, 5: true, fieldAuid: true, 13: true, 14: true, 15: true, 16: true, 17: true, fieldExe: true, fieldSession: true, fieldKey: true}

func (p *parser) checkList() {
	for _, f := range p.rule.fields {
		if p.rule.list == listExclude && !excludeFields[f.id] {
			p.fail(1, "use msgtype, pid, uid, gid, auid, sessionid, exe or subj_*", "the exclude list cannot look at %s", f.name)
			return
		}
		if f.id == fieldMsgtype && p.rule.list != listExclude && p.rule.list != listUser {
			p.fail(1, "use the exclude or the user list", "msgtype belongs on the exclude and the user list")
			return
		}
	}
}

// expand gives each architecture that the line names a rule of its own.
func (p *parser) expand() []Rule {
	if p.failed {
		return nil
	}
	if len(p.arches) < 2 {
		return []Rule{p.rule}
	}
	rules := make([]Rule, 0, len(p.arches))
	for _, a := range p.arches {
		r := p.rule
		r.fields = append([]field(nil), p.rule.fields...)
		for i := range r.fields {
			if r.fields[i].id == fieldArch {
				r.fields[i] = a
			}
		}
		rules = append(rules, r)
	}
	return rules
}
