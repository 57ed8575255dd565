package form

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// target is the process that something was done to.
type target struct {
	pid  uint32
	name string
}

// targetOf returns the other process of the event: that of OBJ_PID, otherwise that of the call's arguments.
func targetOf(e *event.Event) (t target, known bool) {
	if text, found := e.Fields.Get("opid"); found {
		if pid, err := strconv.ParseUint(text, 10, 32); err == nil {
			name, _ := e.Fields.Get("ocomm")
			return target{uint32(pid), name}, true
		}
	}
	at := -1
	switch e.Syscall {
	case "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "process_vm_readv", "process_vm_writev":
		at = 0
	case "ptrace":
		at = 1
	}
	if at < 0 {
		return target{}, false
	}
	pid, known := hexArgument(e, at)
	if !known || pid == 0 || pid > 1<<22 { // beyond the most a kernel has: groups, and all processes
		return target{}, false
	}
	return target{pid: uint32(pid)}, true
}

// accountOf returns the user or group that a record of user space is about, as a name or as a number.
func accountOf(e *event.Event, kind objectKind) (name, id string) {
	names, ids := []string{"acct"}, []string{"id"}
	if kind == groupObject {
		names = []string{"grp", "acct"}
	}
	if e.Type == "LOGIN" {
		return e.AUIDName, e.AUID.String()
	}
	name, id = firstOf(e.Fields, names), firstOf(e.Fields, ids)
	if word, found := e.FieldNames.Get("id"); found && name == "" {
		name = word
	}
	if name != "" && strings.Trim(name, "0123456789") == "" { // some programs write the number where the name belongs
		if id == "" {
			id = name
		}
		name = ""
	}
	return name, id
}

// firstOf returns the first field of these names that has a value.
func firstOf(fields event.Fields, names []string) string {
	for _, name := range names {
		if value, found := fields.Get(name); found && value != "" && value != "?" && value != "(unknown)" {
			return value
		}
	}
	return ""
}

// remote returns the address from which a user came, if the event has one, and the name of that host.
func remote(e *event.Event) (address, name string) {
	address, name = firstOf(e.Fields, []string{"addr"}), firstOf(e.Fields, []string{"hostname"})
	if !isIP(address) {
		if name == "" {
			name = address
		}
		address = ""
	}
	if name == address {
		name = ""
	}
	return address, name
}

func isIP(text string) bool {
	_, err := netip.ParseAddr(text)
	return text != "" && err == nil
}

// ip returns the address of a socket of IP, and whether it is one.
func ip(s *event.Socket) (address, version string, is bool) {
	if s == nil || s.Family != "inet" && s.Family != "inet6" || !isIP(s.Address) {
		return "", "", false
	}
	if s.Family == "inet" {
		return s.Address, "ipv4", true
	}
	return s.Address, "ipv6", true
}

// isLocal says whether the address is the process's own end: of bind and listen. Of all other calls it is the other end.
func isLocal(e *event.Event) bool { return e.Syscall == "bind" || e.Syscall == "listen" }

// isInbound says whether the other end began.
func isInbound(e *event.Event) bool {
	switch e.Syscall {
	case "bind", "listen", "accept", "accept4", "recv", "recvfrom", "recvmsg", "recvmmsg":
		return true
	}
	return false
}

// commandLine is what the process was started with, as far as the records tell: its arguments, joined by spaces, otherwise its title. It is new
// where there are arguments.
func (o *object) commandLine(name string, e *event.Event) {
	if len(e.Args) == 0 {
		o.text(name, e.Proctitle)
		return
	}
	o.name(name)
	o.b = append(o.b, '"')
	for i, arg := range e.Args {
		if i > 0 {
			o.b = append(o.b, ' ')
		}
		o.inside(arg)
	}
	o.b = append(o.b, '"')
}

// programName is the name of the process's program.
func programName(e *event.Event) string {
	if e.Exe != "" {
		return base(e.Exe)
	}
	return e.Comm
}

// imageTag splits the name of an image from its tag. An image by digest has none.
func imageTag(image string) (name, tag string) {
	name, _, _ = strings.Cut(image, "@")
	at := strings.LastIndexByte(name, ':')
	if at <= strings.LastIndexByte(name, '/') {
		return name, ""
	}
	return name[:at], name[at+1:]
}

// parentOf returns what is known of the parent. Nil is nothing.
func parentOf(e *event.Event) *event.Ancestor {
	if len(e.Who.Ancestors) == 0 || !e.PPID.Is(e.Who.Ancestors[0].PID) {
		return nil
	}
	return &e.Who.Ancestors[0]
}

// nameOf is the name of an ancestor's program.
func nameOf(a *event.Ancestor) string {
	if a.Exe != "" {
		return base(a.Exe)
	}
	return a.Comm
}

// appendID appends the event's id on its node, as audit records have it: 1700000000.123:42.
func appendID(b []byte, e *event.Event) []byte {
	milliseconds := e.Time.UnixMilli()
	seconds, rest := milliseconds/1000, milliseconds%1000
	if rest < 0 {
		seconds, rest = seconds-1, rest+1000
	}
	b = strconv.AppendInt(b, seconds, 10)
	b = append(b, '.', '0'+byte(rest/100), '0'+byte(rest/10%10), '0'+byte(rest%10), ':')
	return strconv.AppendUint(b, uint64(e.Serial), 10)
}

// withoutZone is an address without the network interface that it holds on.
func withoutZone(address string) string {
	address, _, _ = strings.Cut(address, "%")
	return address
}

// appendExit appends what a call returned: the name of its error, otherwise the number.
func appendExit(b []byte, e *event.Event) []byte {
	if e.Errno != "" {
		return append(b, e.Errno...)
	}
	return strconv.AppendInt(b, *e.Exit, 10)
}
