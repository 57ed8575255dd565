package rule

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
		p.problems[len(p.problems)-1].Check = "syscall-without-arch"
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
