package form

import (
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// ecsFile writes the file that something was done to. Of a program that was started that is its file.
func (o *object) ecsFile(a *activity, e *event.Event) {
	p, result := files(e)
	if p == nil || a.object != fileObject && a.object != programObject {
		return
	}
	if result != nil { // ECS has the name that a renamed file has now; the old one is among auditd.paths
		p = result
	}
	name := full(e, p.Name)
	at := o.open("file", '{')
	o.text("path", name)
	o.text("name", base(name))
	o.text("directory", directory(name))
	o.text("type", typeOf(p).ecs)
	o.text("inode", p.Inode)
	o.text("device", p.Dev)
	o.text("mode", permissions(p.Mode))
	o.idText("uid", p.OUID)
	o.text("owner", p.OUIDName)
	o.idText("gid", p.OGID)
	o.text("group", p.OGIDName)
	o.close(at)
}

// ecsNetwork writes the ends of a connection, or where a user came from.
func (o *object) ecsNetwork(e *event.Event) {
	address, host := remote(e)
	at := o.open("source", '{')
	if address != "" || host != "" {
		o.ecsAddress(address, host)
	} else if isInbound(e) && !isLocal(e) {
		o.ecsSocket(e.Socket)
	}
	o.close(at)
	if e.Socket == nil {
		return
	}
	if !isInbound(e) || isLocal(e) {
		at = o.open("destination", '{')
		o.ecsSocket(e.Socket)
		o.close(at)
	}
	_, version, is := ip(e.Socket)
	if !is && e.Socket.Family != "unix" {
		return
	}
	at = o.open("network", '{')
	if isInbound(e) {
		o.text("direction", "ingress")
	} else {
		o.text("direction", "egress")
	}
	o.text("type", version)
	if !is {
		o.text("transport", "unix")
	}
	o.close(at)
}

func (o *object) ecsAddress(address, host string) {
	if address != "" {
		o.text("address", address)
		o.text("ip", address)
	} else {
		o.text("address", host)
	}
	o.text("domain", host)
}

func (o *object) ecsSocket(s *event.Socket) {
	if s == nil {
		return
	}
	if address, _, is := ip(s); is {
		o.text("address", address)
		o.text("ip", withoutZone(address))
		if s.Port != 0 && s.Port < 1<<16 {
			o.integer("port", int64(s.Port))
		}
		return
	}
	o.text("address", s.Path)
}

// ecsRest writes the service of an event.
func (o *object) ecsRest(a *activity, e *event.Event) {
	if a.object != serviceObject {
		return
	}
	at := o.open("service", '{')
	o.text("name", firstOf(e.Fields, []string{"unit"}))
	o.close(at)
}

// ecsAuditd writes the rest, mostly where Auditbeat has it.
func (o *object) ecsAuditd(e *event.Event) {
	at := o.open("auditd", '{')
	o.text("message_type", e.Type)
	o.integer("sequence", int64(e.Serial))
	o.idText("session", e.Ses)
	o.text("result", auditdResult(e.Result))
	o.texts("keys", e.Keys)
	o.text("confidence", string(e.Who.Confidence))
	o.text("unit", e.Who.Unit)
	o.workload(e)
	o.apiActor(e)
	o.ecsAncestors(e.Who.Ancestors)
	o.ecsData(e)
	o.ecsPaths(e.Paths)
	o.close(at)
}

// ecsAncestors writes who started the process, of which ECS has the first only.
func (o *object) ecsAncestors(ancestors []event.Ancestor) {
	at := o.open("ancestors", '[')
	for i := range ancestors {
		item := o.open("", '{')
		o.integer("pid", int64(ancestors[i].PID))
		o.text("name", nameOf(&ancestors[i]))
		o.text("executable", ancestors[i].Exe)
		o.close(item)
	}
	o.close(at)
}

// auditdResult is the word that Auditbeat has for a result.
func auditdResult(r event.Result) string {
	if r == event.ResultFailure {
		return "fail"
	}
	return string(r)
}

// argumentNames are the names of the fields with a call's arguments.
var argumentNames = [...]string{"a0", "a1", "a2", "a3"}

func (o *object) ecsData(e *event.Event) {
	data := o.open("data", '{')
	o.text("arch", e.Arch)
	o.text("syscall", e.Syscall)
	for i, value := range e.SyscallArgs[:min(len(e.SyscallArgs), len(argumentNames))] {
		if word, found := e.SyscallArgNames.Get(argumentNames[i]); found {
			value = word
		}
		o.text(argumentNames[i], value)
	}
	if e.Exit != nil {
		o.name("exit")
		o.b = append(o.b, '"')
		o.b = appendExit(o.b, e)
		o.b = append(o.b, '"')
	}
	o.text("tty", e.TTY)
	o.text("subj", e.Subj)
	if s := e.Socket; s != nil {
		at := o.open("socket", '{')
		o.text("family", s.Family)
		o.text("addr", s.Address)
		if s.Port != 0 {
			o.text("port", decimal(s.Port))
		}
		o.text("path", s.Path)
		o.close(at)
	}
	for i := range e.Fields {
		if !isTaken(e.Fields[i].Name) {
			o.field(&e.Fields[i], e.FieldNames)
		}
	}
	o.close(data)
}

// isTaken says whether a name below auditd.data is that of something else already.
func isTaken(name string) bool {
	switch name {
	case "arch", "syscall", "a0", "a1", "a2", "a3", "exit", "tty", "subj", "socket":
		return true
	}
	return false
}

func (o *object) ecsPaths(paths []event.Path) {
	at := o.open("paths", '[')
	for i := range paths {
		p := &paths[i]
		item := o.open("", '{')
		o.text("item", decimal(i))
		o.text("name", p.Name)
		o.text("nametype", p.Nametype)
		o.text("inode", p.Inode)
		o.text("dev", p.Dev)
		o.text("mode", p.Mode)
		o.text("rdev", p.Rdev)
		o.idText("ouid", p.OUID)
		o.idText("ogid", p.OGID)
		o.text("obj", p.Obj)
		o.text("cap_fp", p.CapPermitted)
		o.text("cap_fi", p.CapInheritable)
		o.close(item)
	}
	o.close(at)
}
