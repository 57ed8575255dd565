package form

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// ocsfObject writes what the class requires: what something was done to.
func (o *object) ocsfObject(c *class, a *activity, e *event.Event) {
	switch c {
	case fileActivity:
		p, result := files(e)
		o.ocsfFile("file", p, e)
		if result != nil && result.Name != "" {
			o.ocsfFile("file_result", result, e)
		}
	case kernelExtensionActivity:
		at := o.open("driver", '{')
		o.ocsfDriver(e)
		o.close(at)
	case kernelActivity:
		o.ocsfKernel(e)
	case processActivity:
		o.ocsfTarget(a, e)
	case eventLogActivity:
		o.text("log_name", "audit")
		o.integer("log_type_id", 1)
		o.text("log_type", "OS")
	case accountChange, authentication:
		name, id := subjectOf(a, e)
		o.ocsfUser("user", name, id)
		o.ocsfAuthentication(c, e)
	case groupManagement:
		name, id := subjectOf(a, e)
		o.ocsfUser("group", name, id) // it has the same attributes
	case networkActivity:
		o.ocsfNetwork(e)
	case applicationLifecycle:
		at := o.open("app", '{')
		o.text("name", firstOf(e.Fields, []string{"unit"}))
		o.close(at)
	}
}

func (o *object) ocsfFile(name string, p *event.Path, e *event.Event) {
	path := full(e, p.Name)
	kind := typeOf(p)
	at := o.open(name, '{')
	o.text("name", base(path))
	o.text("path", path)
	o.text("parent_folder", directory(path))
	o.integer("type_id", int64(kind.ocsf))
	o.text("type", kind.word)
	o.text("uid", p.Inode)
	o.ocsfUser("owner", p.OUIDName, p.OUID.String())
	o.text("security_descriptor", p.Obj)
	o.close(at)
}

// moduleOf returns the name of a kernel module, or of its file.
func moduleOf(e *event.Event) string {
	if name := firstOf(e.Fields, []string{"name"}); name != "" {
		return name
	}
	if p, _ := files(e); p != nil {
		return p.Name
	}
	return ""
}

func (o *object) ocsfDriver(e *event.Event) {
	if p, _ := files(e); p != nil && p.Name != "" {
		o.ocsfFile("file", p, e)
		return
	}
	at := o.open("file", '{')
	o.text("name", moduleOf(e))
	o.integer("type_id", int64(regularFile.ocsf))
	o.text("type", regularFile.word)
	o.close(at)
}

func (o *object) ocsfKernel(e *event.Event) {
	at := o.open("kernel", '{')
	if e.Syscall == "" {
		o.text("name", e.Type)
		o.integer("type_id", 0)
		o.text("type", "Unknown")
	} else {
		o.text("name", e.Syscall)
		o.text("system_call", e.Syscall)
		o.integer("type_id", 2)
		o.text("type", "System Call")
	}
	o.close(at)
}

// ocsfTarget writes the process that something was done to, which is often the one that did it.
func (o *object) ocsfTarget(a *activity, e *event.Event) {
	if t, known := targetOf(e); known && a.object == processObject {
		at := o.open("process", '{')
		o.integer("pid", int64(t.pid))
		o.text("name", t.name)
		o.close(at)
		return
	}
	o.ocsfProcess("process", e)
	if a == callActivities["execve"] {
		o.integer("launch_type_id", 3)
		o.text("launch_type", "Exec")
	}
}

// subjectOf returns the user or group that an event of identities is about: its account, otherwise who logged in, otherwise who runs.
func subjectOf(a *activity, e *event.Event) (name, id string) {
	if name, id = accountOf(e, a.object); name+id != "" || a.object == groupObject {
		return name, id
	}
	if !e.AUID.IsZero() {
		return e.AUIDName, e.AUID.String()
	}
	return e.UIDName, e.UID.String()
}

func (o *object) ocsfAuthentication(c *class, e *event.Event) {
	address, host := remote(e)
	at := o.open("src_endpoint", '{')
	o.text("ip", address)
	o.text("hostname", host)
	o.close(at)
	if c != authentication {
		return
	}
	if address+host != "" {
		o.truth("is_remote", true)
	}
	at = o.open("service", '{')
	if e.Exe != "" {
		o.text("name", base(e.Exe))
	}
	o.close(at)
	at = o.open("dst_endpoint", '{')
	o.text("hostname", e.Node)
	o.close(at)
}

func (o *object) ocsfNetwork(e *event.Event) {
	end := "dst_endpoint"
	if isInbound(e) && !isLocal(e) {
		end = "src_endpoint"
	}
	at := o.open(end, '{')
	address, version, is := ip(e.Socket)
	if is {
		o.text("ip", address)
		if e.Socket.Port != 0 && e.Socket.Port < 1<<16 {
			o.integer("port", int64(e.Socket.Port))
		}
	} else {
		o.text("name", e.Socket.Path)
	}
	o.close(at)
	at = o.open("connection_info", '{')
	switch {
	case !is:
		o.integer("direction_id", 4)
		o.text("direction", "Local")
	case isInbound(e):
		o.integer("direction_id", 1)
		o.text("direction", "Inbound")
	default:
		o.integer("direction_id", 2)
		o.text("direction", "Outbound")
	}
	switch version {
	case "ipv4":
		o.integer("protocol_ver_id", 4)
	case "ipv6":
		o.integer("protocol_ver_id", 6)
	}
	o.close(at)
}
