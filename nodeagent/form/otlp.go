package form

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// appendOTLP appends the event as a log record of its own, in the JSON form of OTLP: what a collector's otlpjsonfile receiver reads. The
// body is the native form, so that nothing is lost.
func appendOTLP(b []byte, e *event.Event) ([]byte, error) {
	o := object{append(b, `{"resourceLogs":[{"resource":{`...)}
	o.attributes("attributes", Resource(e))
	o.b = append(o.b, `},"scopeLogs":[{"scope":{"name":"nodeaudit"},"logRecords":[{"timeUnixNano":"`...)
	o.b = append(appendNanoseconds(o.b, e), '"')
	number, name := Severity(e)
	o.integer("severityNumber", int64(number))
	o.text("severityText", name)
	o.text("eventName", EventName(e))
	if err := o.body(e); err != nil {
		return b, err
	}
	o.attributes("attributes", Attributes(e))
	return append(o.b, `}]}],"schemaUrl":"`+SchemaURL+"\"}]}\n"...), nil
}

// body writes the native form as a text. It is made where the text will be.
func (o *object) body(e *event.Event) error {
	before := len(o.b)
	with, err := event.AppendLine(o.b, e)
	if err != nil {
		return fmt.Errorf("encoding the body: %w", err)
	}
	native := string(with[before : len(with)-1])
	o.b = with[:before]
	at := o.open("body", '{')
	o.text("stringValue", native)
	o.close(at)
	return nil
}

// appendNanoseconds appends the nanoseconds since 1970, and 0, which means unknown, for a time that OTLP has no number for.
func appendNanoseconds(b []byte, e *event.Event) []byte {
	const last = (1<<63 - 1) / 1_000_000_000 // second
	if seconds := e.Time.Unix(); seconds < 0 || seconds >= last {
		return append(b, '0')
	}
	return strconv.AppendInt(b, e.Time.UnixNano(), 10)
}

func (o *object) attributes(name string, all iter.Seq[Attribute]) {
	at := o.open(name, '[')
	for a := range all {
		item := o.open("", '{')
		o.text("key", a.Name)
		o.name("value")
		o.b = append(o.b, '{')
		switch a.Kind {
		case TextAttribute:
			o.text("stringValue", a.Text)
		case NumberAttribute:
			o.name("intValue")
			o.b = append(strconv.AppendInt(append(o.b, '"'), a.Number, 10), '"')
		case TextsAttribute:
			o.array(a.Texts)
		}
		o.b = append(o.b, '}')
		o.close(item)
	}
	o.close(at)
}

func (o *object) array(values []string) {
	array := o.open("arrayValue", '{')
	list := o.open("values", '[')
	for _, value := range values {
		o.next()
		o.b = append(event.AppendText(append(o.b, `{"stringValue":`...), value), '}')
	}
	o.close(list)
	o.close(array)
}

func (l *attributes) audit(e *event.Event) {
	l.text("audit.type", e.Type)
	l.number("audit.serial", int64(e.Serial))
	l.texts("audit.keys", e.Keys)
	l.text("audit.result", string(e.Result))
	l.text("audit.confidence", string(e.Who.Confidence))
	l.text("audit.unit", e.Who.Unit)
	l.apiActor(e)
	l.text("audit.arch", e.Arch)
	l.text("audit.syscall", e.Syscall)
	if e.Exit != nil {
		l.number("audit.exit", *e.Exit)
	}
	l.text("error.type", e.Errno)
	l.id("audit.auid", e.AUID)
	l.text("audit.auid.name", e.AUIDName)
	l.id("audit.session", e.Ses)
	l.text("audit.subj", e.Subj)
	l.text("audit.tty", e.TTY)
	for i := range e.Fields {
		value := e.Fields[i].Value
		if word, found := e.FieldNames.Get(e.Fields[i].Name); found {
			value = word
		}
		l.text("audit.field."+e.Fields[i].Name, value)
	}
}

func (l *attributes) process(e *event.Event) {
	l.id("process.pid", e.PID)
	l.id("process.parent_pid", e.PPID)
	if e.Exe != "" {
		l.text("process.executable.name", base(e.Exe))
		l.text("process.executable.path", e.Exe)
	}
	if e.Who.Start != 0 {
		l.text("process.creation.time", e.Who.Start.Time().Format("2006-01-02T15:04:05.000Z"))
	}
	l.texts("process.command_args", e.Args)
	if len(e.Args) > 0 {
		l.number("process.args_count", int64(len(e.Args)))
	}
	l.text("process.title", e.Proctitle)
	l.text("process.working_directory", e.CWD)
	l.text("thread.name", e.Comm)
}

func (l *attributes) users(e *event.Event) {
	l.text("user.id", e.UID.String())
	l.text("user.name", e.UIDName)
	l.id("process.real_user.id", e.UID)
	l.text("process.real_user.name", e.UIDName)
	l.id("process.user.id", e.EUID)
	l.text("process.user.name", e.EUIDName)
	l.id("process.saved_user.id", e.SUID)
	l.text("process.saved_user.name", e.SUIDName)
}

// object gives what something was done to.
func (l *attributes) object(e *event.Event) {
	a := activityOf(e)
	if p, result := files(e); p != nil && (a.object == fileObject || a.object == programObject) {
		if result != nil {
			p = result
		}
		l.file(full(e, p.Name), p)
	}
	if s := e.Socket; s != nil {
		l.socket(s, isLocal(e))
	}
}

func (l *attributes) file(path string, p *event.Path) {
	l.text("file.path", path)
	l.text("file.name", base(path))
	l.text("file.directory", directory(path))
	l.text("file.inode", p.Inode)
	l.text("file.mode", permissions(p.Mode))
	l.text("file.owner.id", p.OUID.String())
	l.text("file.owner.name", p.OUIDName)
	l.text("file.group.id", p.OGID.String())
	l.text("file.group.name", p.OGIDName)
}

func (l *attributes) socket(s *event.Socket, local bool) {
	address, version, is := ip(s)
	if s.Family == "unix" {
		address, is = s.Path, true
		l.text("network.transport", "unix")
	}
	l.text("network.type", version)
	if !is {
		return
	}
	name, port := "network.peer.address", "network.peer.port"
	if local {
		name, port = "network.local.address", "network.local.port"
	}
	l.text(name, address)
	if s.Port != 0 {
		l.number(port, int64(s.Port))
	}
}

// eventName makes a name of the semantic conventions' kind of the action.
func (a *activity) eventName() string {
	return eventNames[a.action]
}

// eventNames are made once, so that no event has to.
var eventNames = func() map[string]string {
	names := map[string]string{}
	add := func(a *activity) { names[a.action] = "audit." + strings.ReplaceAll(a.action, "-", "_") }
	for _, a := range callActivities {
		add(a)
	}
	for _, a := range recordActivities {
		add(a)
	}
	for _, a := range []*activity{&armorRemark, &otherCall, &otherRecord} {
		add(a)
	}
	return names
}()
