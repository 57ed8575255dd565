package decode

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// asAusearch is what the event says of a field, in the words of ausearch where only the form differs.
func asAusearch(e *event.Event, kind uint16, path int, s *scanner) string {
	switch kind {
	case typePath:
		return pathAsAusearch(e.Paths[path], s)
	case typeExecve:
		if s.key == "argc" {
			return s.raw
		}
		return new(texts).text(s)
	case typeProctitle:
		return e.Proctitle
	case typeSockaddr:
		return socketAsAusearch(e.Socket)
	}
	if name, found := e.FieldNames.Get(s.key); found {
		return capabilitiesAsAusearch(name)
	}
	if value, found := e.Fields.Get(s.key); found {
		if strings.Trim(value, "0") == "" && (kind == typeBPRMFcaps || kind == typeCapset) && slices.Contains(capabilityFields, s.key) {
			return "none"
		}
		return value
	}
	if kind == typeSyscall && argumentName(s.key) {
		if name, found := e.SyscallArgNames.Get(s.key); found {
			return name
		}
		return "0x" + s.raw
	}
	return typedAsAusearch(e, s)
}

func argumentName(key string) bool { return slices.Contains(argumentNames[:], key) }

func typedAsAusearch(e *event.Event, s *scanner) string {
	u := e.UserNames
	switch s.key {
	case "arch":
		return e.Arch
	case "syscall":
		return e.Syscall
	case "exit":
		if e.Errno != "" {
			return e.Errno
		}
	case "auid":
		return idAsAusearch(s, u.AUIDName)
	case "uid":
		return idAsAusearch(s, u.UIDName)
	case "gid":
		return idAsAusearch(s, u.GIDName)
	case "euid":
		return idAsAusearch(s, u.EUIDName)
	case "egid":
		return idAsAusearch(s, u.EGIDName)
	case "suid":
		return idAsAusearch(s, u.SUIDName)
	case "sgid":
		return idAsAusearch(s, u.SGIDName)
	case "fsuid":
		return idAsAusearch(s, u.FSUIDName)
	case "fsgid":
		return idAsAusearch(s, u.FSGIDName)
	case "ses":
		return idAsAusearch(s, s.raw)
	case "comm":
		return e.Comm
	case "exe":
		return e.Exe
	case "cwd":
		return e.CWD
	case "res":
		return map[string]string{"1": "yes", "0": "no"}[s.raw] + strings.Trim(s.raw, "01")
	case "key":
		if !s.absent() {
			return strings.Join(e.Keys, " key=")
		}
	}
	return s.raw
}

// idAsAusearch has words for an id without a name.
func idAsAusearch(s *scanner, name string) string {
	switch {
	case s.raw == "4294967295" || s.raw == "-1":
		return "unset"
	case name == "":
		return "unknown(" + s.raw + ")"
	}
	return name
}

func pathAsAusearch(p event.Path, s *scanner) string {
	switch s.key {
	case "name":
		if p.Name != "" {
			return p.Name
		}
	case "mode":
		return p.ModeName
	case "ouid":
		return idAsAusearch(s, p.OUIDName)
	case "ogid":
		return idAsAusearch(s, p.OGIDName)
	case "cap_fp":
		return capabilitiesAsAusearch(p.CapPermitted)
	case "cap_fi":
		return capabilitiesAsAusearch(p.CapInheritable)
	}
	return s.raw
}

// capabilitiesAsAusearch lists all of a set that is said by what it lacks, and says that an empty one is.
func capabilitiesAsAusearch(name string) string {
	if name == "" {
		return "none"
	}
	lacking, most := strings.CutPrefix(name, "all")
	if !most {
		return name
	}
	all := slices.Clone(capabilityNames[:])
	for word := range strings.SplitSeq(strings.TrimPrefix(lacking, ","), ",") {
		all = slices.DeleteFunc(all, func(c string) bool { return "-"+c == word })
	}
	return strings.Join(all, ",")
}

func socketAsAusearch(s *event.Socket) string {
	if s == nil {
		return ""
	}
	switch s.Family {
	case "inet", "inet6":
		return "{ saddr_fam=" + s.Family + " laddr=" + s.Address + " lport=" + strconv.Itoa(int(s.Port)) + " }"
	case "unix":
		return "{ saddr_fam=local path=" + s.Path + " }"
	case "netlink":
		return "{ saddr_fam=netlink nlnk-fam=16 nlnk-pid=" + strconv.Itoa(int(s.Port)) + " }"
	}
	return s.Family
}

// noReason is for a difference that nobody has looked at.
const noReason = "no reason is known"

var capabilityFields = strings.Fields("fp fi old_pp old_pi old_pe old_pa new_pp new_pi new_pe pp pi pe pa cap_pp cap_pi cap_pe cap_pa")

// reasons explain differences; docs/decode.md has the same list.
var reasons = []struct {
	text  string
	holds func(kind uint16, key, got, want string) bool
}{
	{"ausearch names fewer arguments of system calls", func(kind uint16, key, _, want string) bool {
		return kind == typeSyscall && argumentName(key) && strings.HasPrefix(want, "0x")
	}},
	{"ausearch leaves the owner of a name space of capabilities a number", func(_ uint16, key, _, want string) bool {
		return key == "frootid" && want == "0"
	}},
	{"ausearch escapes or cuts control characters and spaces at the end", func(_ uint16, _, got, want string) bool {
		return strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.TrimRight(got, " '") == want
	}},
	{"ausearch shows an abstract socket without its mark", func(kind uint16, _, got, want string) bool {
		return kind == typeSockaddr && strings.Replace(got, "path=@", "path=", 1) == want
	}},
	{"ausearch has no name for the family 0", func(kind uint16, _, got, _ string) bool { return kind == typeSockaddr && got == "unspec" }},
	{"ausearch has another word for it", func(_ uint16, _, got, want string) bool {
		return map[string]string{"kill-thread": "kill", "inet": "ipv4", "inet6": "ipv6", "SOL_IP": "ip", "SOL_IPV6": "ipv6"}[got] == want ||
			strings.Replace(got, "saddr_fam=netlink", "fam=netlink", 1) == want
	}},
	{"ausearch shows the quotes or brackets", func(_ uint16, _, got, want string) bool { return want == `"`+got+`"` || want == got+")" }},
	{"ausearch shows words that are no field with the one before", func(_ uint16, _, got, want string) bool {
		return strings.HasPrefix(want, got+" ")
	}},
	{"ausearch names a group of netlink", func(_ uint16, key, _, _ string) bool { return key == "nl-mcgrp" }},
	{"ausearch takes a question mark for root", func(_ uint16, _, got, want string) bool { return got == "unknown(?)" && want == "root" }},
	{"ausearch calls the flags of an interface yes or no", func(kind uint16, key, _, _ string) bool {
		return event.TypeName(kind) == "ANOM_PROMISCUOUS" && strings.HasSuffix(key, "prom")
	}},
	{"ausearch does not know addresses of big-endian machines", func(kind uint16, _, got, want string) bool {
		return kind == typeSockaddr && want == "unknown-family(512)" && strings.Contains(got, "inet")
	}},
	{"ausearch shows large ids as negative numbers", func(_ uint16, _, got, want string) bool {
		return strings.HasPrefix(got, "unknown(") && strings.HasPrefix(want, "unknown(-")
	}},
	{"ausearch has no names for the calls of io_uring", func(_ uint16, key, _, _ string) bool { return key == "uring_op" }},
	{"ausearch calls an argument of all ones unset", func(_ uint16, _, got, want string) bool {
		return got == "0xffffffffffffffff" && want == "unset"
	}},
	{"ausearch takes the fingerprint of a key for capabilities", func(_ uint16, key, got, _ string) bool {
		return key == "fp" && strings.Contains(got, ":")
	}},
	{"ausearch takes words for the number 0", func(_ uint16, _, got, want string) bool { // in a log that was interpreted before
		return strings.HasPrefix(got, "unknown(") && want == "root" || want == "unknown-elf-type("+got+")" || got == "execve" && want == "read"
	}},
	{"a field is in the record and in its message, the first counts", func(kind uint16, key, _, _ string) bool {
		return event.TypeName(kind) == "USER_ACCT" && key == "uid"
	}},
	{"ausearch says of an id in a message that it does not know it", func(_ uint16, key, got, want string) bool {
		return want == "unknown("+got+")"
	}},
	{"the record is damaged", func(_ uint16, key, got, _ string) bool { return key == "key" && strings.HasSuffix(got, `"`) }},
}

func reasonFor(kind uint16, key, got, want string) string {
	for _, r := range reasons {
		if r.holds(kind, key, got, want) {
			return r.text
		}
	}
	return noReason
}
