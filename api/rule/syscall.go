package rule

import (
	"strconv"
	"strings"
)

func (p *parser) addSyscalls(column int, value word) {
	switch {
	case p.rule.watch:
		p.fail(column, "write -a always,exit -F path=… -F perm=… -S …", "a watch (-w) takes no system calls")
		return
	case p.kind == 0:
		p.fail(column, "put -a first", "-S stands before the rule that it belongs to")
		return
	case !p.rule.hasCalls():
		p.fail(column, "leave -S out", "the %s list knows no system calls", p.rule.list)
		return
	}
	if value.text == "all" {
		p.rule.all = true
		return
	}
	all := allCalls()
	if p.rule.syscalls == nil {
		p.rule.syscalls = make([]syscallName, 0, strings.Count(value.text, ",")+1)
	}
	for at := 0; at <= len(value.text) && !p.failed; {
		name, _, _ := strings.Cut(value.text[at:], ",")
		if name != "" {
			p.addSyscall(all, word{name, value.column + at})
		}
		at += len(name) + 1
	}
}

func (p *parser) addSyscall(all *calls, w word) {
	if w.text == "all" {
		p.rule.all = true
		return
	}
	if c := all.named[w.text]; c != nil && p.onList(c) {
		p.rule.syscalls = append(p.rule.syscalls, syscallName{call: c})
		return
	}
	n, err := strconv.ParseUint(w.text, 0, 32)
	switch {
	case err == nil && n < maskBits-classBits:
		p.rule.syscalls = append(p.rule.syscalls, syscallName{number: uint32(n)})
	case w.text[0] >= '0' && w.text[0] <= '9':
		p.fail(w.column, "write a number from 0 to 2031", "%q is not the number of a system call", w.text)
	default:
		p.fail(w.column, p.callFix(all, w.text), "unknown system call %q", w.text)
	}
}

// onList says whether any architecture has the system call, or io_uring the operation.
func (p *parser) onList(c *call) bool {
	if p.rule.list == listURing {
		return c.numbers[uringTable] != noNumber
	}
	return c.isSystemCall()
}

// callFix suggests a name of the list that is like the one given.
func (p *parser) callFix(all *calls, name string) string {
	like := map[string]*call{}
	for known, c := range all.named {
		if p.onList(c) {
			like[known] = c
		}
	}
	return closest(name, like, "")
}
