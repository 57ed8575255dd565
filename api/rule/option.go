package rule

import "strings"

// option reads one option with its value.
func (p *parser) option() {
	w := p.words[p.next]
	p.next++
	if len(w.text) < 2 || w.text[0] != '-' {
		p.fail(w.column, p.leftOverFix(w.text), "word %q belongs to no option", w.text)
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
	case 'a', 'A', 'd':
		p.listAction(letter, value)
	case 'w', 'W':
		p.watch(letter, value)
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
	if p.kind = 'a'; letter == 'd' {
		p.kind = 'd'
	}
	p.rule.prepend = letter == 'A'
	first, second, found := strings.Cut(value.text, ",")
	if _, isList := listNames.numbers[first]; isList {
		first, second = second, first
	}
	a, isAction := actionNames.numbers[first]
	l, isList := listNames.numbers[second]
	switch {
	case !found || !isAction || !isList:
		fix := "write an action (always, never) and a list (exit, user, exclude, task, filesystem, io_uring), for example always,exit"
		if first == "entry" || second == "entry" {
			fix = "the entry list is gone since Linux 2.6.38: write exit"
		} else if first == "possible" || second == "possible" {
			fix = "the action possible is gone since Linux 2.6.17: write always or never"
		}
		p.fail(value.column, fix, "%q is not an action and a list", value.text)
	default:
		p.rule.action, p.rule.list = action(a), list(l)
	}
}

func (p *parser) watch(letter byte, value word) {
	if p.kind != 0 {
		p.fail(value.column, "write two lines, or -F path= with -a", "a line holds one rule")
		return
	}
	p.kind = letter
	p.rule.watch, p.rule.action, p.rule.list = true, always, listExit
	p.addPath(pathField, equal, value)
	p.push(value.column, field{permField, equal, operand{number: permAll}})
}
