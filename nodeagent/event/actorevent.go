package event

import (
	"fmt"
	"strings"
	"time"
)

// TypeActor is the type of the event that says who had a process started, where that became known after the process's first events.
const TypeActor = "NODEAUDIT_ACTOR"

// NumberActor is its number, of the range that the kernel leaves to user space.
const NumberActor = 2996

// ActorEvent returns the event that says who had a process started: of is of that process itself, and has its Node, PID, Comm and Who with Start and
// Actor. It has one record in the form of the kernel's, and no serial: those are the kernel's.
func ActorEvent(of *Event, now time.Time) *Event {
	now = now.UTC().Truncate(time.Millisecond)
	e := &Event{Time: now, Node: of.Node, Type: TypeActor, Who: of.Who, Process: Process{PID: of.PID, Comm: of.Comm}}
	var data strings.Builder
	fmt.Fprintf(&data, "audit(%d.%03d:0): pid=%s", now.Unix(), now.Nanosecond()/int(time.Millisecond), of.PID.String())
	if of.Who.Start != 0 {
		fmt.Fprintf(&data, " start=%s", of.Who.Start.Time().Format("2006-01-02T15:04:05.000Z"))
	}
	fmt.Fprintf(&data, " namespace=%s pod=%s container=%s", bare(of.Who.Namespace), bare(of.Who.Pod), bare(of.Who.Container))
	if a := of.Who.Actor; a != nil {
		fmt.Fprintf(&data, " confidence=%s", a.Confidence)
		sessions := a.Candidates
		if len(sessions) == 0 {
			sessions = []Session{a.Session}
		}
		for _, s := range sessions {
			fmt.Fprintf(&data, " via=%s user=%X", bare(s.Via), s.User) // hexadecimal, as the kernel does with what people may have chosen
			if s.ImpersonatedBy != "" {
				fmt.Fprintf(&data, " impersonatedBy=%X", s.ImpersonatedBy)
			}
			fmt.Fprintf(&data, " auditID=%s", bare(s.AuditID))
		}
	}
	e.Records = []Record{{Type: NumberActor, TypeName: TypeActor, Data: data.String()}}
	return e
}

// bare is a name as it is where it has the letters of names only, and in hexadecimal otherwise.
func bare(name string) string {
	if name == "" {
		return "?"
	}
	for _, r := range []byte(name) {
		if r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Sprintf("%X", name)
		}
	}
	return name
}
