package route

import (
	"github.com/nodeaudit/nodeaudit/api/expr"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// object is an event as expressions see it.
type object struct{ e *event.Event }

// Field is expr.Object.Field.
func (o object) Field(name string) any {
	e := o.e
	switch name {
	case "time":
		return e.Time
	case "serial":
		return int64(e.Serial)
	case "node":
		return text(e.Node)
	case "type":
		return text(e.Type)
	case "keys":
		return list(e.Keys)
	case "result":
		return text(string(e.Result))
	case "who":
		return who{&e.Who}
	case "arch":
		return text(e.Arch)
	case "syscall":
		return text(e.Syscall)
	case "syscallArgs":
		return list(e.SyscallArgs)
	case "syscallArgNames":
		return byName(e.SyscallArgNames)
	case "exit":
		if e.Exit != nil {
			return *e.Exit
		}
		return nil
	case "errno":
		return text(e.Errno)
	case "paths":
		return paths(e.Paths)
	case "socket":
		if e.Socket != nil {
			return socket{e.Socket}
		}
		return nil
	case "fields":
		return byName(e.Fields)
	case "fieldNames":
		return byName(e.FieldNames)
	default:
		if value := process(&e.Process, name); value != nil {
			return value
		}
		return user(&e.User, name)
	}
}

func process(p *event.Process, name string) any {
	switch name {
	case "pid":
		return id(p.PID)
	case "ppid":
		return id(p.PPID)
	case "comm":
		return text(p.Comm)
	case "exe":
		return text(p.Exe)
	case "args":
		return list(p.Args)
	case "proctitle":
		return text(p.Proctitle)
	case "cwd":
		return text(p.CWD)
	case "tty":
		return text(p.TTY)
	default:
		return nil
	}
}

func user(u *event.User, name string) any {
	switch name {
	case "auid":
		return id(u.AUID)
	case "ses":
		return id(u.Ses)
	case "uid":
		return id(u.UID)
	case "gid":
		return id(u.GID)
	case "euid":
		return id(u.EUID)
	case "egid":
		return id(u.EGID)
	case "suid":
		return id(u.SUID)
	case "sgid":
		return id(u.SGID)
	case "fsuid":
		return id(u.FSUID)
	case "fsgid":
		return id(u.FSGID)
	case "subj":
		return text(u.Subj)
	default:
		return userName(&u.UserNames, name)
	}
}

func userName(n *event.UserNames, name string) any {
	switch name {
	case "auidName":
		return text(n.AUIDName)
	case "uidName":
		return text(n.UIDName)
	case "gidName":
		return text(n.GIDName)
	case "euidName":
		return text(n.EUIDName)
	case "egidName":
		return text(n.EGIDName)
	case "suidName":
		return text(n.SUIDName)
	case "sgidName":
		return text(n.SGIDName)
	case "fsuidName":
		return text(n.FSUIDName)
	case "fsgidName":
		return text(n.FSGIDName)
	default:
		return nil
	}
}

func paths(all []event.Path) any {
	if len(all) == 0 {
		return nil
	}
	objects := make([]expr.Object, len(all))
	for i := range all {
		objects[i] = file{&all[i]}
	}
	return objects
}

type file struct{ p *event.Path }

// Field is expr.Object.Field.
func (o file) Field(name string) any {
	p := o.p
	switch name {
	case "name":
		return text(p.Name)
	case "nametype":
		return text(p.Nametype)
	case "inode":
		return text(p.Inode)
	case "dev":
		return text(p.Dev)
	case "mode":
		return text(p.Mode)
	case "rdev":
		return text(p.Rdev)
	case "ouid":
		return id(p.OUID)
	case "ogid":
		return id(p.OGID)
	case "modeName":
		return text(p.ModeName)
	case "ouidName":
		return text(p.OUIDName)
	case "ogidName":
		return text(p.OGIDName)
	case "obj":
		return text(p.Obj)
	case "capPermitted":
		return text(p.CapPermitted)
	case "capInheritable":
		return text(p.CapInheritable)
	case "capEffective":
		if p.CapEffective {
			return true
		}
		return nil
	default:
		return nil
	}
}

type socket struct{ s *event.Socket }

// Field is expr.Object.Field.
func (o socket) Field(name string) any {
	s := o.s
	switch name {
	case "family":
		return text(s.Family)
	case "address":
		return text(s.Address)
	case "port":
		return nonZero(s.Port)
	case "path":
		return text(s.Path)
	case "interface":
		return nonZero(s.Interface)
	case "protocol":
		return text(s.Protocol)
	case "groups":
		return nonZero(s.Groups)
	case "data":
		return text(s.Data)
	default:
		return nil
	}
}

// byName is a map of fields. It is made anew for each expression that asks, so lists of routes are cheaper.
func byName(fields event.Fields) any {
	if len(fields) == 0 {
		return nil
	}
	found := make(map[string]string, len(fields))
	for _, f := range fields {
		found[f.Name] = f.Value
	}
	return found
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nonZero(n uint32) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func list(words []string) any {
	if len(words) == 0 {
		return nil
	}
	return words
}

func id(number event.ID) any {
	if n, present := number.Get(); present {
		return int64(n)
	}
	return nil
}
