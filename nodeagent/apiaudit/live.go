package apiaudit

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// most is how many processes a Live remembers: those of the last minutes, with probes in every pod of a full node.
const most = 2048

// Live joins events with sessions that become known meanwhile, mostly a second or so after their processes have begun. Its owner guards it.
type Live struct{ join Joiner }

// NewLive returns a Live that knows no session yet. Of processes that began before since, what they ran first and with whom they could be confused is not
// known.
func NewLive(since time.Time) *Live {
	return &Live{Joiner{log: &session.Log{}, known: newProcesses(most), ran: map[*session.Session]first{}, since: since}}
}

// Join fills in Who.Actor as a Joiner does, and returns the process with which the event's line came into its container, nil where it did not.
func (l *Live) Join(e *event.Event) *Process { return l.join.join(e) }

// Learn takes in the sessions of now, and returns the processes of whom something else is known by them than events have told.
func (l *Live) Learn(d session.Document) []*Process {
	l.join.log.Keep(d.Sessions)
	for i := range d.Sessions {
		l.join.log.Add(&d.Sessions[i])
	}
	l.join.lost = d.Lost
	maps.DeleteFunc(l.join.ran, func(s *session.Session, _ first) bool { return !slices.Contains(l.join.log.Of(s.Namespace, s.Pod), s) })
	var news []*Process
	for _, id := range l.join.known.order {
		p := l.join.known.byPID[id]
		actor := l.join.actor(&p.as, firstOf(&p.as), p)
		if actor == nil || actor.Via == session.Attach || reflect.DeepEqual(actor, p.told) {
			continue
		}
		p.told = actor
		news = append(news, p)
	}
	return news
}

// Went notes to which sinks events of the process went.
func (p *Process) Went(sinks []string) {
	for _, name := range sinks {
		if !slices.Contains(p.sinks, name) {
			p.sinks = append(p.sinks, name)
		}
	}
}

// Sinks are those to which events of the process went.
func (p *Process) Sinks() []string { return p.sinks }

// Event returns the event that says who had the process started.
func (p *Process) Event(now time.Time) *event.Event {
	who := p.as.Who
	who.Actor = p.told
	return event.ActorEvent(&event.Event{Node: p.as.Node, Process: p.as.Process, Who: who}, now)
}
