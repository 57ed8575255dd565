package rule

// finish checks the rule as a whole.
func (p *parser) finish() {
	r := &p.rule
	if p.failed {
		return
	}
	if p.kind == 0 {
		p.fail(p.words[0].column, "begin with -a or -w", "no rule is given")
		return
	}
	if r.hasCalls() && len(r.syscalls) == 0 {
		r.all = true
	}
	if len(r.syscalls) > 0 && !r.has(fieldArch) && r.list == listExit && !r.all {
		p.warn(p.words[0].column, "system calls without -F arch= get the numbers of the node's own architecture, which mean other calls in 32-bit programs")
		p.problems[len(p.problems)-1].Check = "syscall-without-arch"
	}
	if len(r.keys) > 0 && !r.watch && r.list == listExit && r.all && len(r.fields) == 1 {
		p.fail(p.words[0].column, "add -S, -F or -w", "a rule with nothing but a key would record every system call")
	}
}

// exitOnly says whether only the exit list, and that of io_uring, knows what the field looks at: file, process and outcome of a system call.
func (t *fieldType) exitOnly() bool {
	return t.id >= 18 && t.id <= 23 || t.id >= 100 && t.id <= fieldFieldCompare
}

// excludeFields are the fields that the exclude list can look at.
var excludeFields = map[uint32]bool{
	fieldMsgtype: true, 0: true, 1: true, 5: true, fieldAuid: true, 13: true, 14: true, 15: true, 16: true, 17: true, fieldExe: true,
	fieldSession: true, fieldKey: true,
}

// refusedBy says why the field cannot be on a list, and what to use instead. The message is empty where it can.
func (t *fieldType) refusedBy(l list) (message, fix string) {
	switch {
	case t.id == fieldMsgtype && l != listExclude && l != listUser:
		return "msgtype belongs on the exclude and the user list", "use the exclude or the user list"
	case t.kind == fstype && l != listFilesystem:
		return "fstype belongs on the filesystem list", "use the filesystem list"
	case l == listFilesystem && t.kind != fstype && t.id != fieldKey:
		return "the filesystem list cannot look at " + t.name, "use fstype"
	case l == listExclude && !excludeFields[t.id]:
		return "the exclude list cannot look at " + t.name, "use msgtype, pid, uid, gid, auid, sessionid, exe or subj_*"
	case t.exitOnly() && l != listExit && (l != listURing || t.id == fieldPerm):
		return "the " + l.String() + " list cannot look at " + t.name, "use the exit list"
	}
	return "", ""
}
