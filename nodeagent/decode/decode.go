package decode

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Names knows what users and groups of the host are called.
type Names interface {
	// User returns the name of a user, or nothing.
	User(uid uint32) string
	// Group returns the name of a group, or nothing.
	Group(gid uint32) string
}

// Decoder is for one goroutine. Its zero value works and knows no names of users and groups.
type Decoder struct {
	// Names are asked where a record has no name of its own for a user or group. May be nil.
	Names Names

	event  event.Event
	exit   int64
	socket event.Socket
	body   int // where the text of the last record began
	call   callNumbers
	own    event.Result // of the record that says what happened
	rest   event.Result // of the others, that of the system call first
	seen   map[string]bool
	made   texts

	// What was made of the same before: a log says the same again and again.
	modes         [64]modeText
	masks         [8]maskText
	arguments     [256]argumentText
	architectures [4]architecture
	oldest        int
	arch          *architecture
}

// callNumbers are what a record says of a system call, before it has a name.
type callNumbers struct{ arch, syscall string }

// Event returns what the records of the group say, in an event that is the caller's. Node and Who are left to others.
func (d *Decoder) Event(group event.Group) *event.Event {
	return d.Read(group).Clone()
}

// Read is Event without memory of its own: the event is the Decoder's and valid until the next call of a method. Its texts may be kept.
func (d *Decoder) Read(group event.Group) *event.Event {
	e := d.reset(group)
	// The record of the system call first: its process is the one that acts, those in other records may be acted on.
	for i := range e.Records {
		if isCall(e.Records[i].Type) {
			d.read(&e.Records[i], &d.rest)
		}
	}
	for i := range e.Records {
		r := &e.Records[i]
		if isCall(r.Type) {
			continue
		}
		result := &d.rest
		if r.TypeName == e.Type {
			result = &d.own
		}
		d.read(r, result)
	}
	d.finish(e)
	return e
}

// reset begins a new event in the memory of the last.
func (d *Decoder) reset(group event.Group) *event.Event {
	e := &d.event
	*e = event.Event{
		Time: group.Time, Serial: group.Serial,
		Keys: e.Keys[:0], Paths: e.Paths[:0], Fields: e.Fields[:0], FieldNames: e.FieldNames[:0],
		Call:    event.Call{SyscallArgs: e.SyscallArgs[:0], SyscallArgNames: e.SyscallArgNames[:0]},
		Process: event.Process{Args: e.Args[:0]},
		Records: append(e.Records[:0], group.Records...),
	}
	d.call, d.own, d.rest, d.body = callNumbers{}, "", "", 0
	for i := range e.Records {
		// A record of a log may have a name that has no number.
		if r := &e.Records[i]; r.Type != 0 || r.TypeName == "" {
			r.TypeName = event.TypeName(r.Type)
		}
	}
	e.Type = kind(e.Records)
	return e
}

// finish adds what is known only when all records are read.
func (d *Decoder) finish(e *event.Event) {
	e.Result = d.own
	if e.Result == "" {
		e.Result = d.rest
	}
	d.nameCall(e)
	d.nameUsers(e)
}

// read puts the fields of a record where they belong in the event, and its result where result points.
func (d *Decoder) read(r *event.Record, result *event.Result) {
	s := scanner{text: r.Data, at: d.bodyOf(r.Data)}
	switch r.Type {
	case typeSyscall:
		d.readCall(r.Type, &s, result)
	case typePath:
		d.readPath(&s)
	case typeExecve:
		d.readArgs(&s)
	case typeSockaddr:
		d.readSocket(&s)
	case typeProctitle:
		d.readProctitle(&s)
	case typeAVC, typeUserAVC:
		d.readAVC(r.Data)
		d.readFields(r.Type, &s, result)
	default:
		d.readFields(r.Type, &s, result)
	}
}

// bodyOf is where the text behind the record's header begins, `audit(1700000000.001:7): `. The headers of an event have the same length.
func (d *Decoder) bodyOf(data string) int {
	const end = "):"
	if at := d.body; at >= len(end) && at <= len(data) && data[at-len(end):at] == end {
		return at
	}
	d.body = strings.Index(data, end) + len(end)
	if d.body < len(end) {
		d.body = 0
	}
	return d.body
}

func (d *Decoder) readProctitle(s *scanner) {
	for s.next() {
		if s.key == "proctitle" && !s.absent() && d.event.Proctitle == "" {
			d.event.Proctitle = d.made.commandLine(s)
		}
	}
}

// readArgs appends the arguments of one EXECVE record. An argument that is too long for one record is in pieces, a1[0], a1[1], …, which
// the kernel writes in order.
func (d *Decoder) readArgs(s *scanner) {
	e := &d.event
	for s.next() {
		last := len(s.key) - 1
		if s.key[0] != 'a' || s.key == "argc" || s.key[last] == 'n' { // a1_len
			continue
		}
		if last > 2 && s.key[last] == ']' && len(e.Args) > 0 && s.key[last-2:] != "[0]" {
			e.Args[len(e.Args)-1] = d.made.joined(e.Args[len(e.Args)-1], s)
			continue
		}
		e.Args = append(e.Args, d.made.text(s))
	}
}
