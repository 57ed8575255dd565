package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

// often is the time between two events of event.TypeLost about one place, and between two looks at the kernel's count while events flow.
const often = time.Second

// losses are what was lost and is not said yet. Each destination is told by itself, so that a reader of its log sees where that has holes.
type losses struct {
	flow   chan struct{} // events flow
	kernel atomic.Int64  // what the kernel has lost since the start

	mu     sync.Mutex
	unsaid map[destination]map[event.Loss]*event.Hole
	said   map[destination]sink.Report // what was counted of each queue
}

// flows says that events come.
func (p *Pipeline) flows() {
	select {
	case p.losses.flow <- struct{}{}:
	default:
	}
}

// account looks at what was lost and says it, once a second while events flow, until ctx ends. Nothing waits for it.
func (p *Pipeline) account(ctx context.Context) {
	kernel := lostCounter{ask: p.options.Kernel}
	kernel.next()
	accounts := time.NewTicker(accountEvery)
	defer accounts.Stop()
	for ctx.Err() == nil {
		var due time.Time
		select {
		case <-ctx.Done():
		case due = <-accounts.C:
		case <-p.losses.flow:
			p.lose(event.Hole{Where: event.LossKernel, Count: p.countKernel(&kernel), Since: time.Now()})
		}
		if p.sinks.say(&p.losses, p.options.NodeName) {
			p.flows() // a queue is full: again when it has room
		}
		if !due.IsZero() {
			p.sinks.settle(&p.losses, due)
		}
		select {
		case <-ctx.Done():
		case <-time.After(often):
		}
	}
}

// countKernel counts all, and returns what is certainly lost.
func (p *Pipeline) countKernel(kernel *lostCounter) int64 {
	lost, certain := kernel.next()
	p.losses.kernel.Add(lost)
	if !certain {
		return 0
	}
	return lost
}

// lose notes a loss before the sinks: all of them have that hole.
func (p *Pipeline) lose(hole event.Hole) {
	if hole.Count == 0 {
		return
	}
	targets := p.sinks.targets()
	p.losses.mu.Lock()
	defer p.losses.mu.Unlock()
	for _, target := range targets {
		p.losses.note(target, hole)
	}
}

// forsake counts the events of a queue that was removed, and tells of them where everything is told.
func (p *Pipeline) forsake(name string, events int64) {
	p.sinks.mu.Lock()
	p.sinks.gone.DroppedQueue += events
	p.sinks.mu.Unlock()
	p.losses.mu.Lock()
	defer p.losses.mu.Unlock()
	gone := destination{kind: elsewhere, file: name}
	p.losses.note(p.sinks.defaultPlace(), event.Hole{Where: event.LossQueue, Count: events, Since: time.Now(), Sink: gone.String()})
}

// note adds to what is not said yet. The caller holds the lock.
func (l *losses) note(target destination, hole event.Hole) {
	if l.unsaid == nil {
		l.unsaid = map[destination]map[event.Loss]*event.Hole{}
	}
	if l.unsaid[target] == nil {
		l.unsaid[target] = map[event.Loss]*event.Hole{}
	}
	if l.unsaid[target][hole.Where] == nil {
		l.unsaid[target][hole.Where] = &event.Hole{}
	}
	l.unsaid[target][hole.Where].Join(hole)
}

// compare notes what a queue has dropped since the last time.
func (l *losses) compare(target destination, report sink.Report) {
	before := l.said[target]
	if report.DroppedQueue < before.DroppedQueue || report.DroppedSink < before.DroppedSink {
		before = sink.Report{} // the place is a new one
	}
	if l.said == nil {
		l.said = map[destination]sink.Report{}
	}
	l.said[target] = report
	for where, count := range map[event.Loss]int64{
		event.LossQueue: report.DroppedQueue - before.DroppedQueue, event.LossSink: report.DroppedSink - before.DroppedSink,
	} {
		if count > 0 {
			l.note(target, event.Hole{Where: where, Count: count, Since: time.Now(), Sink: target.String()})
		}
	}
}

// say offers each place what it has not been told, and returns whether something is left because a queue has no room.
func (s *sinks) say(l *losses, node string) (left bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for target, p := range s.places {
		l.compare(target, p.report().Report)
		for where, hole := range l.unsaid[target] {
			if p.queue.OfferIfRoom(hole.Event(node, time.Now())) {
				delete(l.unsaid[target], where)
			} else {
				left = true
			}
		}
	}
	for target := range l.unsaid {
		if s.places[target] == nil {
			delete(l.unsaid, target)
			delete(l.said, target)
		}
	}
	return left
}

// isSaid says whether a destination has been told of all losses.
func (l *losses) isSaid(target destination) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.unsaid[target]) == 0
}

// each does something with the queue of each place.
func (s *sinks) each(what func(*sink.Queue)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range s.places {
		what(p.queue)
	}
}

// targets are the destinations of now.
func (s *sinks) targets() []destination {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]destination, 0, len(s.places))
	for target := range s.places {
		list = append(list, target)
	}
	return list
}

// lostCounter follows the kernel's count of lost records.
type lostCounter struct {
	ask   func() (Kernel, error)
	last  uint32
	known bool
}

// next returns what was lost since the last call, and whether that is certain. The count can be reset by anybody.
func (c *lostCounter) next() (lost int64, certain bool) {
	now, err := c.ask()
	if err != nil {
		return 0, false
	}
	if c.known && now.Lost > c.last {
		lost = int64(now.Lost - c.last)
	}
	c.last, c.known = now.Lost, true
	return lost, now.Auditd != 0 || !now.KeepsCopies
}
