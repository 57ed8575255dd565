package form

import (
	"fmt"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// ocsfVersion is the version of the schema whose classes these are.
const ocsfVersion = "1.8.0"

// appendOCSF appends the event as the class of OCSF that fits it, and as a base event where a class wants more than the records tell.
func appendOCSF(b []byte, e *event.Event) ([]byte, error) {
	var few [24]byte
	original, err := event.AppendTime(few[:0], e.Time)
	if err != nil {
		return b, fmt.Errorf("encoding event %d: %w", e.Serial, err)
	}
	o := object{append(b, '{')}
	a := activityOf(e)
	c := classOf(a, e)
	c.members(&o, a, severityOf(a, e))
	o.integer("time", e.Time.UnixMilli())
	o.ocsfStatus(e)
	o.message("message", a, e)
	o.ocsfMetadata(original, e)
	o.ocsfDevice(e)
	o.ocsfActor(c, a, e)
	o.ocsfObject(c, a, e)
	o.lines("raw_data", e)
	o.ocsfUnmapped(c, e)
	return append(o.b, '}', '\n'), nil
}

// classOf returns the activity's class if the event has what the class requires.
func classOf(a *activity, e *event.Event) *class {
	fits := true
	switch a.class {
	case fileActivity:
		p, _ := files(e)
		fits = p != nil && p.Name != ""
	case kernelExtensionActivity:
		fits = moduleOf(e) != ""
	case processActivity:
		_, known := targetOf(e)
		fits = !e.PID.IsZero() && (known || a.object != processObject)
	case accountChange, authentication, groupManagement:
		name, id := subjectOf(a, e)
		fits = name+id != "" && (a.class != authentication || e.Exe != "" || e.Node != "")
	case networkActivity:
		_, _, is := ip(e.Socket)
		fits = is || e.Socket != nil && e.Socket.Family == "unix" && e.Socket.Path != ""
	case applicationLifecycle:
		fits = firstOf(e.Fields, []string{"unit"}) != ""
	}
	if !fits {
		return baseEvent
	}
	return a.class
}

func (o *object) ocsfStatus(e *event.Event) {
	id, word := 0, "Unknown"
	switch e.Result {
	case event.ResultSuccess:
		id, word = 1, "Success"
	case event.ResultFailure:
		id, word = 2, "Failure"
	}
	o.integer("status_id", int64(id))
	o.text("status", word)
	o.text("status_code", e.Errno)
}

func (o *object) ocsfMetadata(original []byte, e *event.Event) {
	at := o.open("metadata", '{')
	o.text("version", ocsfVersion)
	inner := o.open("product", '{')
	o.text("name", "nodeaudit")
	o.text("vendor_name", "nodeaudit")
	o.close(inner)
	inner = o.open("profiles", '[')
	o.item("host")
	o.item("container")
	o.item("linux/linux_users")
	o.close(inner)
	o.name("uid")
	o.b = append(appendID(append(o.b, '"'), e), '"')
	o.integer("sequence", int64(e.Serial))
	o.text("event_code", e.Type)
	o.text("log_name", "audit")
	o.text("log_provider", "Linux audit")
	o.name("original_time")
	o.b = append(append(append(o.b, '"'), original...), '"')
	o.texts("labels", e.Keys)
	o.close(at)
}

func (o *object) ocsfDevice(e *event.Event) {
	at := o.open("device", '{')
	o.integer("type_id", 1)
	o.text("type", "Server")
	if e.Node == "" {
		o.text("name", "unknown")
	} else {
		o.text("hostname", e.Node)
	}
	os := o.open("os", '{')
	o.text("name", "Linux")
	o.integer("type_id", 200)
	o.text("type", "Linux")
	o.close(os)
	o.close(at)
}

// ocsfUnmapped writes what no attribute has, by its names in the native form. The records themselves are raw_data.
func (o *object) ocsfUnmapped(c *class, e *event.Event) {
	at := o.open("unmapped", '{')
	o.text("confidence", string(e.Who.Confidence))
	o.workload(e)
	o.apiActor(e)
	o.labels("labels", e.Who.Labels)
	o.text("unit", e.Who.Unit)
	if e.PID.IsZero() { // no process carries the container
		o.ocsfContainer(e)
	}
	o.text("arch", e.Arch)
	o.text("syscall", e.Syscall)
	o.texts("syscallArgs", e.SyscallArgs)
	o.fields("syscallArgNames", e.SyscallArgNames, nil)
	if e.Exit != nil {
		o.integer("exit", *e.Exit)
	}
	o.id("suid", e.SUID)
	o.id("fsuid", e.FSUID)
	o.id("sgid", e.SGID)
	o.id("fsgid", e.FSGID)
	o.text("subj", e.Subj)
	if c != fileActivity || len(e.Paths) > 1 {
		o.ecsPaths(e.Paths)
	}
	if s := e.Socket; s != nil && c != networkActivity {
		socket := o.open("socket", '{')
		o.text("family", s.Family)
		o.text("address", s.Address)
		o.text("path", s.Path)
		o.text("data", s.Data)
		o.close(socket)
	}
	o.fields("fields", e.Fields, e.FieldNames)
	o.close(at)
}
