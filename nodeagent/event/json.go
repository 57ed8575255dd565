package event

import (
	"fmt"
	"strconv"
)

// AppendLine appends the native JSON form of the event and a line feed. The form has no other line feed. Text that is not UTF-8 has U+FFFD
// in place of what JSON cannot carry; Records have it exactly.
func AppendLine(line []byte, e *Event) ([]byte, error) {
	b, err := appendTime(append(line, `{"time":"`...), e.Time)
	if err != nil {
		return line, fmt.Errorf("encoding event %d: %w", e.Serial, err)
	}
	b = append(b, `","serial":`...)
	b = strconv.AppendUint(b, uint64(e.Serial), 10)
	b = member(b, `,"node":`, e.Node)
	b = append(b, `,"type":`...)
	b = appendText(b, e.Type)
	b = list(b, `,"keys":`, e.Keys)
	b = member(b, `,"result":`, string(e.Result))
	b = appendWho(append(b, `,"who":`...), &e.Who)
	b = e.Call.append(b)
	b = e.Process.append(b)
	b = e.User.append(b)
	b = appendPaths(b, e.Paths)
	if e.Socket != nil {
		b = e.Socket.append(append(b, `,"socket":`...))
	}
	b = object(b, `,"fields":`, e.Fields)
	b = object(b, `,"fieldNames":`, e.FieldNames)
	b = append(b, `,"records":`...)
	return append(appendRecords(b, e.Records), '}', '\n'), nil
}

func (c *Call) append(b []byte) []byte {
	b = member(b, `,"arch":`, c.Arch)
	b = member(b, `,"syscall":`, c.Syscall)
	b = list(b, `,"syscallArgs":`, c.SyscallArgs)
	b = object(b, `,"syscallArgNames":`, c.SyscallArgNames)
	if c.Exit != nil {
		b = append(b, `,"exit":`...)
		b = strconv.AppendInt(b, *c.Exit, 10)
	}
	return member(b, `,"errno":`, c.Errno)
}

func (p *Process) append(b []byte) []byte {
	b = number(b, `,"pid":`, p.PID)
	b = number(b, `,"ppid":`, p.PPID)
	b = member(b, `,"comm":`, p.Comm)
	b = member(b, `,"exe":`, p.Exe)
	b = list(b, `,"args":`, p.Args)
	b = member(b, `,"proctitle":`, p.Proctitle)
	b = member(b, `,"cwd":`, p.CWD)
	return member(b, `,"tty":`, p.TTY)
}

func (u *User) append(b []byte) []byte {
	b = number(b, `,"auid":`, u.AUID)
	b = number(b, `,"ses":`, u.Ses)
	b = number(b, `,"uid":`, u.UID)
	b = number(b, `,"gid":`, u.GID)
	b = number(b, `,"euid":`, u.EUID)
	b = number(b, `,"egid":`, u.EGID)
	b = number(b, `,"suid":`, u.SUID)
	b = number(b, `,"sgid":`, u.SGID)
	b = number(b, `,"fsuid":`, u.FSUID)
	b = number(b, `,"fsgid":`, u.FSGID)
	b = member(b, `,"subj":`, u.Subj)
	b = member(b, `,"auidName":`, u.AUIDName)
	b = member(b, `,"uidName":`, u.UIDName)
	b = member(b, `,"gidName":`, u.GIDName)
	b = member(b, `,"euidName":`, u.EUIDName)
	b = member(b, `,"egidName":`, u.EGIDName)
	b = member(b, `,"suidName":`, u.SUIDName)
	b = member(b, `,"sgidName":`, u.SGIDName)
	b = member(b, `,"fsuidName":`, u.FSUIDName)
	return member(b, `,"fsgidName":`, u.FSGIDName)
}

func appendPaths(b []byte, paths []Path) []byte {
	for i := range paths {
		if i == 0 {
			b = append(b, `,"paths":[`...)
		} else {
			b = append(b, ',')
		}
		at := len(b)
		b = paths[i].append(b)
		b = opened(b, at)
	}
	if len(paths) > 0 {
		b = append(b, ']')
	}
	return b
}

func (p *Path) append(b []byte) []byte {
	b = member(b, `,"name":`, p.Name)
	b = member(b, `,"nametype":`, p.Nametype)
	b = member(b, `,"inode":`, p.Inode)
	b = member(b, `,"dev":`, p.Dev)
	b = member(b, `,"mode":`, p.Mode)
	b = member(b, `,"rdev":`, p.Rdev)
	b = member(b, `,"modeName":`, p.ModeName)
	b = number(b, `,"ouid":`, p.OUID)
	b = member(b, `,"ouidName":`, p.OUIDName)
	b = number(b, `,"ogid":`, p.OGID)
	b = member(b, `,"ogidName":`, p.OGIDName)
	b = member(b, `,"obj":`, p.Obj)
	b = member(b, `,"capPermitted":`, p.CapPermitted)
	b = member(b, `,"capInheritable":`, p.CapInheritable)
	if p.CapEffective {
		b = append(b, `,"capEffective":true`...)
	}
	return b
}

func (s *Socket) append(b []byte) []byte {
	b = appendText(append(b, `{"family":`...), s.Family)
	b = member(b, `,"address":`, s.Address)
	b = positive(b, `,"port":`, s.Port)
	b = member(b, `,"path":`, s.Path)
	b = positive(b, `,"interface":`, s.Interface)
	b = member(b, `,"protocol":`, s.Protocol)
	b = positive(b, `,"groups":`, s.Groups)
	return append(member(b, `,"data":`, s.Data), '}')
}

func appendRecords(b []byte, records []Record) []byte {
	if records == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRecord(b, &records[i])
	}
	return append(b, ']')
}
