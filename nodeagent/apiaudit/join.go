package apiaudit

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// skew is how far the clocks of the API server and of the node may be apart.
	skew = 2 * time.Second
	// delay is how long after its request a process may begin. A container that is added has to be pulled first.
	delay      = 30 * time.Second
	delayDebug = 10 * time.Minute
)

// Joiner gives events their actors. It is handed the events in their order, as the first event of a process tells what it runs.
type Joiner struct {
	log      *Log
	commands map[process]run
}

// process is a pid of a node.
type process struct {
	node string
	pid  uint32
}

// run is what a process ran first.
type run struct {
	start   event.Moment
	command []string
}

// near is how far times of the same beginning may be apart: they are reckoned from two clocks, now and again.
const near = 100 * time.Millisecond

// NewJoiner returns a Joiner for the sessions of a log.
func NewJoiner(log *Log) *Joiner {
	return &Joiner{log: log, commands: map[process]run{}}
}

// first is the process of an event's line with which it begins in the container.
type first struct {
	process
	start event.Moment
	began time.Time
	comm  string
	known bool // whether began is the process's own time, not that of an event
}

func firstOf(e *event.Event) first {
	pid, _ := e.PID.Get()
	f := first{process: process{node: e.Node, pid: pid}, start: e.Who.Start, comm: e.Comm, began: e.Time}
	if n := len(e.Who.Ancestors); n > 0 {
		last := e.Who.Ancestors[n-1]
		f.pid, f.start, f.comm = last.PID, last.Start, last.Comm
	}
	if f.start != 0 {
		f.began, f.known = f.start.Time(), true
	}
	return f
}

// Join fills in Who.Actor where a session can have started the event's process. It leaves the event as it is otherwise.
func (j *Joiner) Join(e *event.Event) {
	if e.Who.Pod == "" || e.Who.Confidence == event.ConfidenceNone {
		return
	}
	f := firstOf(e)
	if e.Who.Entered {
		j.learn(e, f)
	}
	can := map[string][]*session{}
	for _, s := range j.log.byPod[e.Who.Namespace+"/"+e.Who.Pod] {
		if s.about(e) && j.can(s, e, f) {
			can[s.Via] = append(can[s.Via], s)
		}
	}
	for _, via := range []string{"exec", "debug", "attach"} { // what speaks for the first says more than what speaks for the others
		if len(can[via]) > 0 {
			e.Who.Actor = j.actor(can[via], f)
			return
		}
	}
}

// about says whether a session is about the event's container.
func (s *session) about(e *event.Event) bool {
	return !s.refused && (len(s.containers) == 0 || e.Who.Container == "" || slices.Contains(s.containers, e.Who.Container))
}

// can says whether a session can have had the event's process started, by its kind, its time and what was run.
func (j *Joiner) can(s *session, e *event.Event, f first) bool {
	switch s.Via {
	case "exec":
		return e.Who.Entered && s.within(f.began, s.last(f)) && j.ran(f, s)
	case "debug":
		return e.Who.ContainerType == event.ContainerEphemeral && s.within(f.began, s.begin.Add(delayDebug))
	default: // whoever attaches starts nothing, but may have typed what the container's own process started
		began := e.Time
		if e.Who.Start != 0 {
			began = e.Who.Start.Time()
		}
		return s.typed && !e.Who.Entered && len(e.Who.Ancestors) > 0 && (s.within(began, s.end) || (s.end.IsZero() && !began.Before(s.begin)))
	}
}

func (s *session) within(began, last time.Time) bool {
	return !began.Before(s.begin.Add(-skew)) && !began.After(last.Add(skew))
}

// last is when the first process of an exec can have begun at the latest. Where nothing is known of its beginning, the session must have been open.
func (s *session) last(f first) time.Time {
	last := s.begin.Add(delay)
	if !f.known {
		last = f.began
	}
	if !s.end.IsZero() && s.end.Before(last) {
		last = s.end
	}
	return last
}

// learn notes what the first process ran when it came. Later programs of it are not what the session asked for.
func (j *Joiner) learn(e *event.Event, f first) {
	if len(e.Who.Ancestors) > 0 || len(e.Args) == 0 || (e.Syscall != "execve" && e.Syscall != "execveat") || e.Result == "failure" {
		return
	}
	if _, ok := j.command(f); !ok {
		j.commands[f.process] = run{start: f.start, command: e.Args}
	}
}

// command is what the first process ran first, if that is known.
func (j *Joiner) command(f first) ([]string, bool) {
	known, ok := j.commands[f.process]
	if !ok || known.start.Time().Sub(f.start.Time()).Abs() > near {
		return nil, false
	}
	return known.command, true
}

// ran says whether a process can have run what a session asked for: what it ran is not known, or it is that.
func (j *Joiner) ran(f first, s *session) bool {
	command, ok := j.command(f)
	return !ok || len(s.command) == 0 || slices.Equal(command, s.command)
}

// actor weighs what speaks for the sessions.
func (j *Joiner) actor(can []*session, f first) *event.Actor {
	if len(can) == 0 {
		return nil
	}
	if len(can) > 1 {
		a := &event.Actor{Confidence: event.ActorLow}
		for _, s := range can {
			a.Candidates = append(a.Candidates, s.Session)
		}
		return a
	}
	s := can[0]
	a := &event.Actor{Confidence: event.ActorLow, Session: s.Session}
	_, ran := j.command(f)
	switch {
	case s.Via == "debug" && len(s.containers) > 0, ran && len(s.command) > 0:
		a.Confidence = event.ActorHigh
	case f.known && len(s.command) > 0 && f.comm == commOf(s.command[0]):
		a.Confidence = event.ActorMedium
	}
	return a
}

// commOf is the name that the kernel gives to a process that runs a program.
func commOf(program string) string {
	name := path.Base(program)
	return strings.ToValidUTF8(name[:min(len(name), 15)], "")
}
