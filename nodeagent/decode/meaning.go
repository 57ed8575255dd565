package decode

import (
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// meaning says in words what a number in a field means, or nothing.
func (d *Decoder) meaning(kind uint16, s *scanner) string {
	switch s.key {
	case "pi", "pp", "pe", "pa", "old_pi", "old_pp", "old_pe", "old_pa", "new_pi", "new_pp", "new_pe", "fp", "fi", "cap_pi", "cap_pp", "cap_pe", "cap_pa":
		if kind == typeCapset || kind == typeBPRMFcaps {
			return d.capabilities(s.raw)
		}
	case "ouid", "oauid", "iuid", "inode_uid", "sauid", "obj_uid", "old-auid", "new-auid", "id", "frootid":
		return d.userText(s)
	case "ogid", "igid", "inode_gid", "obj_gid", "new_gid":
		return d.groupText(s)
	case "sig":
		return fromDecimal(s, signalName)
	case "uring_op":
		return fromDecimal(s, func(n uint64) string { return at(uringNames[:], n) })
	case "capability":
		return fromDecimal(s, func(n uint64) string { return at(capabilityNames[:], n) })
	case "family":
		return fromDecimal(s, func(n uint64) string { return at(familyNames[:], n) })
	case "proto":
		return fromDecimal(s, func(n uint64) string { return protocols[n] })
	default:
		return d.meaningIn(kind, s)
	}
	return ""
}

// meaningIn is for fields that mean something in records of one type only.
func (d *Decoder) meaningIn(kind uint16, s *scanner) string {
	switch kind {
	case typeConfigChange:
		switch s.key {
		case "list":
			return fromDecimal(s, func(n uint64) string { return at(filterLists, n) })
		case "perm":
			return fromDecimal(s, permissionWords)
		}
	case typeSeccomp:
		if s.key == "code" {
			return fromHex(s, seccompAction)
		}
	case typeFanotify:
		if s.key == "resp" {
			return fromDecimal(s, func(n uint64) string { return at(fanotifyAnswers, n) })
		}
	case typeMmap:
		if s.key == "flags" {
			return fromHex(s, func(n uint64) string { return mapWords(n, d.architecture(d.call.arch).name) })
		}
	case typeMQOpen, typeOpenat2:
		switch s.key {
		case "oflag":
			return fromAny(s, func(n uint64) string { return openWords(n, d.architecture(d.call.arch).name) })
		case "resolve":
			return fromHex(s, func(n uint64) string { return flagWords(resolutions, n) })
		}
	case typeSyscall:
		if s.key == "per" {
			return fromHex(s, personalityWords)
		}
	}
	return ""
}

// Numbers of record types whose fields mean something of their own.
const (
	typeConfigChange = 1305
	typeSeccomp      = 1326
	typeFanotify     = 1331
)

// filterLists are AUDIT_FILTER_*, fanotifyAnswers FAN_ALLOW and FAN_DENY, resolutions RESOLVE_* of openat2(2).
var (
	filterLists     = []string{"user", "task", "entry", "watch", "exit", "exclude", "filesystem", "io_uring"}
	fanotifyAnswers = []string{"", "allow", "deny"}
	resolutions     = []word{
		{1, "RESOLVE_NO_XDEV"},
		{2, "RESOLVE_NO_MAGICLINKS"},
		{4, "RESOLVE_NO_SYMLINKS"},
		{8, "RESOLVE_BENEATH"},
		{16, "RESOLVE_IN_ROOT"},
		{32, "RESOLVE_CACHED"},
	}
)

// permissionWords names what a watch looks for.
func permissionWords(n uint64) string {
	return strings.ReplaceAll(flagWords([]word{{4, "read"}, {2, "write"}, {1, "exec"}, {8, "attr"}}, n), "|", ",")
}

// seccompAction names SECCOMP_RET_*.
func seccompAction(n uint64) string {
	switch n & 0xffff0000 {
	case 0x80000000:
		return "kill-process"
	case 0:
		return "kill-thread"
	case 0x30000:
		return "trap"
	case 0x50000:
		return "errno"
	case 0x7fc00000:
		return "user-notify"
	case 0x7ff00000:
		return "trace"
	case 0x7ffc0000:
		return "log"
	case 0x7fff0000:
		return "allow"
	}
	return ""
}

func (d *Decoder) userText(s *scanner) string {
	n, ok := s.number()
	switch {
	case s.raw == "-1" || n == 1<<32-1:
		return "unset"
	case !ok:
		return ""
	case d.Names == nil:
		return ""
	}
	return d.Names.User(n)
}

func (d *Decoder) groupText(s *scanner) string {
	n, ok := s.number()
	switch {
	case s.raw == "-1" || n == 1<<32-1:
		return "unset"
	case !ok:
		return ""
	case d.Names == nil:
		return ""
	}
	return d.Names.Group(n)
}

func fromDecimal(s *scanner, name func(uint64) string) string {
	if n, ok := s.number(); ok {
		return name(uint64(n))
	}
	return ""
}

func fromHex(s *scanner, name func(uint64) string) string {
	if n, ok := hexNumber(strings.TrimPrefix(s.raw, "0x")); ok {
		return name(n)
	}
	return ""
}

// fromAny reads a number whose beginning tells its base.
func fromAny(s *scanner, name func(uint64) string) string {
	if n, err := strconv.ParseUint(s.raw, 0, 64); err == nil {
		return name(n)
	}
	return ""
}

// addName takes a name that auditd added for a number among the other fields. It writes the name of the field in capitals.
func (d *Decoder) addName(s *scanner) {
	e := &d.event
	if s.absent() {
		return
	}
	for i := range e.Fields {
		field := e.Fields[i].Name
		if !strings.EqualFold(field, s.key) {
			continue
		}
		for j := range e.FieldNames {
			if e.FieldNames[j].Name == field {
				e.FieldNames[j].Value = s.raw
				return
			}
		}
		e.FieldNames = append(e.FieldNames, event.Field{Name: field, Value: s.raw})
		return
	}
}
