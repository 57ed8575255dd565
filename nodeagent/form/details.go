package form

import (
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// appendDetails appends names and values to look further, by the names of the native form.
func appendDetails(b []byte, e *event.Event) []byte {
	b = strconv.AppendUint(append(b, "serial="...), uint64(e.Serial), 10)
	b = word(b, " node=", e.Node)
	b = word(b, " type=", e.Type)
	b = word(b, " syscall=", e.Syscall)
	b = word(b, " result=", string(e.Result))
	b = word(b, " pid=", e.PID.String())
	b = word(b, " ppid=", e.PPID.String())
	b = word(b, " uid=", e.UID.String())
	b = word(b, " euid=", e.EUID.String())
	b = word(b, " auid=", e.AUID.String())
	b = word(b, " ses=", e.Ses.String())
	b = word(b, " tty=", e.TTY)
	b = word(b, " exe=", e.Exe)
	if len(e.Args) == 0 {
		b = word(b, " proctitle=", e.Proctitle)
	}
	b = word(b, " cwd=", e.CWD)
	b = appendOtherPaths(b, e)
	for i := range e.Fields {
		f := &e.Fields[i]
		value := f.Value
		if name, found := e.FieldNames.Get(f.Name); found {
			value = name
		}
		b = quoted(append(quoted(append(b, ' '), f.Name), '='), value)
	}
	b = appendAPIActor(b, e)
	b = word(b, " unit=", e.Who.Unit)
	return word(b, " containerID=", e.Who.ContainerID)
}

// appendOtherPaths appends the files, unless the only one is in the sentence.
func appendOtherPaths(b []byte, e *event.Event) []byte {
	for i := range e.Paths {
		p := &e.Paths[i]
		b = word(b, " path=", p.Name)
		if p.Name != "" && p.Nametype != "NORMAL" && p.Nametype != "" {
			b = append(word(b, "(", p.Nametype), ')')
		}
	}
	return b
}
