package apiaudit

import (
	"slices"
	"time"

	"github.com/nodeaudit/nodeaudit/api/session"
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
	log   *session.Log
	known processes
	// ran is with which process each session began that alone fits the process's command. A session begins with one.
	ran map[*session.Session]first
	// since is when the first events came of which all are known, and lost when the last session began that nobody knows. Both are zero for a whole log.
	since, lost time.Time
}

// NewJoiner returns a Joiner for the sessions of a log.
func NewJoiner(log *session.Log) *Joiner {
	return &Joiner{log: log, known: newProcesses(0), ran: map[*session.Session]first{}}
}

// Join fills in Who.Actor where a session can have started the event's process. It leaves the event as it is otherwise.
func (j *Joiner) Join(e *event.Event) { j.join(e) }

// join returns the process with which the event's line came into its container, where it did.
func (j *Joiner) join(e *event.Event) *Process {
	if e.Who.Pod == "" || e.Who.Confidence == event.ConfidenceNone {
		return nil
	}
	f := firstOf(e)
	var p *Process
	if e.Who.Entered || e.Who.ContainerType == event.ContainerEphemeral {
		p = j.known.of(e, f)
		p.learn(e)
	}
	if actor := j.actor(e, f, p); actor != nil {
		e.Who.Actor = actor
		if p != nil && actor.Via != session.Attach {
			p.told = actor
		}
	}
	return p
}

// actor is who can have had the event's process started. What speaks for the first of the ways says more than what speaks for the others.
func (j *Joiner) actor(e *event.Event, f first, p *Process) *event.Actor {
	sessions := j.log.Of(e.Who.Namespace, e.Who.Pod)
	if p != nil {
		for _, s := range sessions {
			if s.Via != session.Attach && !slices.Contains(p.can, s) && about(s, e) && can(s, e, f, p) {
				p.can = append(p.can, s)
			}
		}
		for _, via := range []string{session.Exec, session.Debug} {
			if list := those(p.can, via, e, f, p); len(list) > 0 {
				return j.weigh(list, f, p)
			}
		}
	}
	if list := those(sessions, session.Attach, e, f, p); len(list) > 0 {
		return j.weigh(list, f, p)
	}
	return nil
}

func those(sessions []*session.Session, via string, e *event.Event, f first, p *Process) []*session.Session {
	var list []*session.Session
	for _, s := range sessions {
		if s.Via == via && about(s, e) && can(s, e, f, p) {
			list = append(list, s)
		}
	}
	return list
}

// about says whether a session is about the event's container.
func about(s *session.Session, e *event.Event) bool {
	return !s.Refused && (len(s.Containers) == 0 || e.Who.Container == "" || slices.Contains(s.Containers, e.Who.Container))
}

// can says whether a session can have had the event's process started, by its kind, its time and what was run.
func can(s *session.Session, e *event.Event, f first, p *Process) bool {
	switch s.Via {
	case session.Exec:
		return e.Who.Entered && within(s, f.began, last(s, f)) && p.canHaveRun(s)
	case session.Debug:
		return e.Who.ContainerType == event.ContainerEphemeral && within(s, f.began, s.Begin.Add(delayDebug))
	default: // whoever attaches starts nothing, but may have typed what the container's own process started
		began := e.Time
		if e.Who.Start != 0 {
			began = e.Who.Start.Time()
		}
		return s.Typed && !e.Who.Entered && len(e.Who.Ancestors) > 0 && (within(s, began, s.End) || (s.End.IsZero() && !began.Before(s.Begin)))
	}
}

func within(s *session.Session, began, last time.Time) bool {
	return !began.Before(s.Begin.Add(-skew)) && !began.After(last.Add(skew))
}

// last is when the first process of an exec can have begun at the latest. Where nothing is known of its beginning, the session must have been open.
func last(s *session.Session, f first) time.Time {
	last := s.Begin.Add(delay)
	if !f.known {
		last = f.began
	}
	if !s.End.IsZero() && s.End.Before(last) {
		last = s.End
	}
	return last
}

// weigh weighs what speaks for the sessions, of which there is one.
func (j *Joiner) weigh(can []*session.Session, f first, p *Process) *event.Actor {
	if len(can) > 1 {
		a := &event.Actor{Confidence: event.ActorLow}
		for _, s := range can {
			a.Candidates = append(a.Candidates, told(s))
		}
		return a
	}
	s := can[0]
	a := &event.Actor{Confidence: event.ActorLow, Session: told(s)}
	switch {
	case s.Via == session.Debug && len(s.Containers) > 0:
		a.Confidence = event.ActorHigh
	case !j.whole(f): // another session may have been there
	case p != nil && p.ran && s.Command != "":
		if j.began(s, f) {
			a.Confidence = event.ActorHigh
		}
	case f.known && s.Comm != "" && f.comm == s.Comm:
		a.Confidence = event.ActorMedium
	}
	return a
}

// began says whether a session can have begun with this process. It cannot where another one came before with the command: that of this process may not be
// known yet, or it has none, as a probe of the kubelet's.
func (j *Joiner) began(s *session.Session, f first) bool {
	with, is := j.ran[s]
	if !is {
		j.ran[s] = f
		return true
	}
	return with.pid == f.pid && (!with.known || !f.known || with.began.Sub(f.began).Abs() <= near)
}

// whole says that all sessions are known which can have started a process.
func (j *Joiner) whole(f first) bool {
	return !f.began.Before(j.since) && (j.lost.IsZero() || f.began.After(j.lost.Add(delay+skew)))
}

// told is what events say of a session.
func told(s *session.Session) event.Session {
	return event.Session{
		Via: s.Via, User: s.User, Groups: s.Groups, ImpersonatedBy: s.ImpersonatedBy, SourceIPs: s.SourceIPs, UserAgent: s.UserAgent, AuditID: s.AuditID,
	}
}
