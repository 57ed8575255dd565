package sessions

import (
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/session"
)

// maxPending is how many stages of sessions wait to be written. Beyond it API servers are asked to send again later.
const maxPending = 1024

// pending are the sessions that were told and not yet written.
type pending struct {
	mu     sync.Mutex
	list   []*session.Session
	missed time.Time
}

// miss notes that no node is told of a session that began then: nobody can be sure any more that one of the time before was the only one.
func (p *pending) miss(begin time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.missed.Before(begin) {
		p.missed = begin
	}
}

// lastMissed is when the last session began of which no node is told.
func (p *pending) lastMissed() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.missed
}

// add says whether there was room.
func (p *pending) add(s *session.Session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) >= maxPending {
		return false
	}
	p.list = append(p.list, s)
	return true
}

// take returns all.
func (p *pending) take() []*session.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.list
	p.list = nil
	return list
}
