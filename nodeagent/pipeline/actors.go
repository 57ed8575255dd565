package pipeline

import (
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// actors joins events with sessions at the API server. Nothing waits for a session: one that becomes known after the first events of its process is told
// with an event of its own, in the sinks that have those.
type actors struct {
	mu   sync.Mutex
	live *apiaudit.Live
}

func newActors(options Options) *actors {
	if !options.Actors {
		return nil
	}
	return &actors{live: apiaudit.NewLive(time.Now())}
}

// deliver is the end of the road: it gives the event to the sinks.
func (p *Pipeline) deliver(e *event.Event) {
	if p.actors == nil {
		p.sinks.offer(e, nil)
		p.tenants.offer(e)
		return
	}
	p.actors.mu.Lock() // between the look and the note where the event went nobody may tell of its process
	defer p.actors.mu.Unlock()
	of := p.actors.live.Join(e)
	var note func(sinks []string)
	if of != nil {
		note = of.Went
	}
	p.sinks.offer(e, note)
	p.tenants.offer(e)
}

// LearnSessions joins events with these sessions from now on, and tells of the processes that were there before. It is safe for concurrent use.
func (p *Pipeline) LearnSessions(d session.Document) {
	if p.actors == nil {
		return
	}
	p.actors.mu.Lock()
	defer p.actors.mu.Unlock()
	for _, of := range p.actors.live.Learn(d) {
		e := of.Event(time.Now())
		p.sinks.tellThese(e, of.Sinks())
		p.tenants.offer(e)
	}
}

// tellThese gives an event of ours to sinks, and to none where nothing went anywhere before.
func (s *sinks) tellThese(e *event.Event, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.give(e, names, nil)
}
