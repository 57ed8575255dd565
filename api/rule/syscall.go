package rule

import (
	"strconv"
	"strings"
)

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
	for name := range strings.SplitSeq(value.text, ",") {
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
