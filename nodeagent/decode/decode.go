package decode

import (
	"strings"

	"github.com/elastic/go-libaudit/v2/auparse"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// The types of records that go-libaudit has no name for.
const (
	macTaskContexts = 1425
	macObjContexts  = 1426
)

// Event returns what the records of the group say. It takes over the group's records. Node and Who are left to others.
func Event(group event.Group) *event.Event {
	e := &event.Event{Time: group.Time, Serial: group.Serial, Records: group.Records}
	for i := range e.Records {
		e.Records[i].TypeName = typeName(e.Records[i].Type)
	}
	e.Type = kind(e.Records)
	readResult(e)
	// The record of the system call first: its process is the one that acts, those in other records may be acted on.
	for _, record := range e.Records {
		if isCall(record.Type) {
			read(e, record)
		}
	}
	for _, record := range e.Records {
		if !isCall(record.Type) {
			read(e, record)
		}
	}
	e.Errno = errno(e)
	return e
}

func typeName(number uint16) string {
	switch number {
	case macTaskContexts:
		return "MAC_TASK_CONTEXTS"
	case macObjContexts:
		return "MAC_OBJ_CONTEXTS"
	default:
		return auparse.AuditMessageType(number).String()
	}
}

// kind returns the name of the type that says what happened.
func kind(records []event.Record) string {
	for _, record := range records {
		if !companions[auparse.AuditMessageType(record.Type)] {
			return record.TypeName
		}
	}
	for _, record := range records {
		if isCall(record.Type) {
			return record.TypeName
		}
	}
	if len(records) == 0 {
		return ""
	}
	return records[0].TypeName
}

func isCall(number uint16) bool {
	kind := auparse.AuditMessageType(number)
	return kind == auparse.AUDIT_SYSCALL || kind == auparse.AUDIT_URINGOP
}

// companions are the types of records that only tell more about a system call.
var companions = map[auparse.AuditMessageType]bool{
	auparse.AUDIT_SYSCALL: true, auparse.AUDIT_URINGOP: true, auparse.AUDIT_PATH: true, auparse.AUDIT_IPC: true,
	auparse.AUDIT_SOCKETCALL: true, auparse.AUDIT_SOCKADDR: true, auparse.AUDIT_CWD: true, auparse.AUDIT_EXECVE: true,
	auparse.AUDIT_IPC_SET_PERM: true, auparse.AUDIT_MQ_OPEN: true, auparse.AUDIT_MQ_SENDRECV: true, auparse.AUDIT_MQ_NOTIFY: true,
	auparse.AUDIT_MQ_GETSETATTR: true, auparse.AUDIT_FD_PAIR: true, auparse.AUDIT_OBJ_PID: true, auparse.AUDIT_BPRM_FCAPS: true,
	auparse.AUDIT_CAPSET: true, auparse.AUDIT_MMAP: true, auparse.AUDIT_KERN_MODULE: true, auparse.AUDIT_OPENAT2: true,
	auparse.AUDIT_PROCTITLE: true, auparse.AUDIT_EOE: true, macTaskContexts: true, macObjContexts: true,
}

// read puts the fields of a record where they belong in the event.
func read(e *event.Event, record event.Record) {
	text := body(record.Data)
	switch auparse.AuditMessageType(record.Type) {
	case auparse.AUDIT_PATH:
		e.Paths = append(e.Paths, path(text))
	case auparse.AUDIT_EXECVE:
		e.Args = appendArgs(e.Args, text)
	case auparse.AUDIT_SOCKADDR:
		readSocket(e, text)
	case auparse.AUDIT_PROCTITLE:
		for key, v := range fields(text) {
			if key == "proctitle" && !v.absent() {
				e.Proctitle = strings.ReplaceAll(strings.TrimRight(v.text(), "\x00"), "\x00", " ")
			}
		}
	default:
		for key, v := range fields(text) {
			place(e, key, v)
		}
	}
}

// readResult reads the result of what happened, before that of the system call counts: the call that hands a rule to the kernel succeeds also
// where the kernel then refuses the rule.
func readResult(e *event.Event) {
	for _, record := range e.Records {
		if record.TypeName != e.Type || isCall(record.Type) {
			continue
		}
		for key, v := range fields(body(record.Data)) {
			if key == "res" || key == "success" {
				setResult(e, v)
			}
		}
	}
}

// place puts a field into its place in the event, or among the other fields. The first record that has one counts.
func place(e *event.Event, key string, v value) {
	if v.absent() {
		return
	}
	if set, ok := typed[key]; ok {
		set(e, v)
		return
	}
	if _, taken := e.Fields[key]; taken {
		return
	}
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	if chosen[key] {
		e.Fields[key] = v.text()
		return
	}
	e.Fields[key] = v.raw
}

// chosen are fields among the others whose text somebody other than the kernel chooses, so that it may be in hexadecimal.
var chosen = map[string]bool{
	"acct": true, "cmd": true, "data": true, "device": true, "dir": true, "file": true, "grp": true, "name": true, "ocomm": true,
	"path": true, "root_dir": true, "sw": true, "vm": true, "watch": true,
}
