package form

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

func (o *object) ecsProcess(e *event.Event) {
	at := o.open("process", '{')
	o.id("pid", e.PID)
	o.text("name", programName(e))
	o.text("executable", e.Exe)
	o.texts("args", e.Args)
	if len(e.Args) > 0 {
		o.integer("args_count", int64(len(e.Args)))
	}
	o.commandLine("command_line", e)
	o.text("title", e.Proctitle)
	o.text("working_directory", e.CWD)
	thread := o.open("thread", '{')
	o.text("name", e.Comm)
	o.close(thread)
	parent := o.open("parent", '{')
	o.id("pid", e.PPID)
	if p := parentOf(e); p != nil {
		o.text("name", nameOf(p))
		o.text("executable", p.Exe)
		o.moment("start", p.Start)
	}
	o.close(parent)
	o.moment("start", e.Who.Start)
	o.close(at)
}

// ecsUser writes the user and its other faces as Auditbeat does: user is the real one, and audit is who logged in.
func (o *object) ecsUser(a *activity, e *event.Event) {
	at := o.open("user", '{')
	o.ecsIdentity(e.UID, e.UIDName, e.GID, e.GIDName)
	o.ecsFace("effective", e.EUID, e.EUIDName, e.EGID, e.EGIDName)
	o.ecsFace("saved", e.SUID, e.SUIDName, e.SGID, e.SGIDName)
	o.ecsFace("filesystem", e.FSUID, e.FSUIDName, e.FSGID, e.FSGIDName)
	o.ecsFace("audit", e.AUID, e.AUIDName, event.ID{}, "")
	if a.object == accountObject {
		target := o.open("target", '{')
		name, id := accountOf(e, accountObject)
		o.text("id", id)
		o.text("name", name)
		o.close(target)
	}
	o.close(at)
	if a.object == groupObject {
		at = o.open("group", '{')
		name, id := accountOf(e, groupObject)
		o.text("id", id)
		o.text("name", name)
		o.close(at)
	}
}

func (o *object) ecsFace(name string, uid event.ID, user string, gid event.ID, group string) {
	at := o.open(name, '{')
	o.ecsIdentity(uid, user, gid, group)
	o.close(at)
}

func (o *object) ecsIdentity(uid event.ID, user string, gid event.ID, group string) {
	o.idText("id", uid)
	o.text("name", user)
	at := o.open("group", '{')
	o.idText("id", gid)
	o.text("name", group)
	o.close(at)
}
