package apiaudit

import (
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// pid is a process id of a node.
type pid struct {
	node string
	id   uint32
}

// near is how far times of the same beginning may be apart: they are reckoned from two clocks, now and again.
const near = 100 * time.Millisecond

// first is the process of an event's line with which it begins in the container.
type first struct {
	pid
	start event.Moment
	began time.Time
	comm  string
	known bool // whether began is the process's own time, not that of an event
}

func firstOf(e *event.Event) first {
	id, _ := e.PID.Get()
	f := first{pid: pid{node: e.Node, id: id}, start: e.Who.Start, comm: e.Comm, began: e.Time}
	if n := len(e.Who.Ancestors); n > 0 {
		last := e.Who.Ancestors[n-1]
		f.id, f.start, f.comm = last.PID, last.Start, last.Comm
	}
	if f.start != 0 {
		f.began, f.known = f.start.Time(), true
	}
	return f
}

// Process is one that came into a container from outside, or with which an added container began.
type Process struct {
	// as is an event of this process itself.
	as      event.Event
	command session.Command
	ran     bool // whether command is known
	can     []*session.Session
	told    *event.Actor
	sinks   []string
}

// learn notes what the process ran when it came. Later programs of it are not what the session asked for.
func (p *Process) learn(e *event.Event) {
	if p.ran || !e.Who.Entered || len(e.Who.Ancestors) > 0 || len(e.Args) == 0 || (e.Syscall != "execve" && e.Syscall != "execveat") || e.Result == event.ResultFailure {
		return
	}
	p.command, p.ran = session.CommandOf(e.Args), true
}

// canHaveRun says whether the process can have run what a session asked for: what it ran is not known, or it is that.
func (p *Process) canHaveRun(s *session.Session) bool {
	return p == nil || !p.ran || s.Command == "" || s.Ran(p.command)
}

// processes are those of now, or of a log.
type processes struct {
	most  int // 0 for as many as there are
	byPID map[pid]*Process
	order []pid // in which they came, where most is set
}

func newProcesses(most int) processes { return processes{most: most, byPID: map[pid]*Process{}} }

// of returns the process of an event, which may be a new one.
func (all *processes) of(e *event.Event, f first) *Process {
	if p := all.byPID[f.pid]; p != nil && p.as.Who.Start.Time().Sub(f.start.Time()).Abs() <= near && samePod(&p.as.Who, &e.Who) {
		return p
	}
	p := &Process{as: event.Event{Time: f.began, Node: e.Node, Process: event.Process{PID: event.NewID(f.id), Comm: strings.Clone(f.comm)}, Who: e.Who}}
	p.as.Who.Start, p.as.Who.Ancestors, p.as.Who.Actor = f.start, nil, nil
	if _, again := all.byPID[f.pid]; !again && all.most > 0 {
		if all.order = append(all.order, f.pid); len(all.order) > all.most {
			delete(all.byPID, all.order[0])
			all.order = all.order[1:]
		}
	}
	all.byPID[f.pid] = p
	return p
}

func samePod(a, b *event.Who) bool {
	return a.Namespace == b.Namespace && a.Pod == b.Pod && a.ContainerID == b.ContainerID
}
