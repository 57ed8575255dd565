package pipeline

import (
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// accountEvery is how often a signed file is told what became of the serials of its stretch. What an agent that ends suddenly has not
	// accounted for are two of these.
	accountEvery = 10 * time.Second
	// accountAtLeast is how often that is where no event is for the file.
	accountAtLeast = 5 * time.Minute
)

// ledger accounts for each serial on its way to one place. What comes late belongs to the stretch of its serial: therefore there are two
// stretches, and the older one is told when nothing more can come for it. The owner's lock guards it.
type ledger struct {
	begun         bool
	closing, open event.Account // open begins where closing ends
	told          time.Time
	offer         func(event.Account) (hasRoom bool)
}

// begin is before the first event, whose serial follows after.
func (l *ledger) begin(after uint32, now time.Time) {
	start := event.Account{At: event.AccountBegin, After: after, To: after}
	if l.begun || !l.offer(start) {
		return // without room: with a later event
	}
	l.begun, l.told = true, now
	l.closing, l.open = event.Account{After: after, To: after}, event.Account{After: after, To: after}
}

// stretch is the one of a serial that has come, nil where it was told.
func (l *ledger) stretch(serial uint32) *event.Account {
	switch {
	case !l.begun || behind(serial, l.closing.After) <= 0:
		return nil
	case behind(serial, l.open.After) <= 0:
		return &l.closing
	}
	return &l.open
}

// due tells the older stretch and begins a new one behind highest, the last serial that has come.
func (l *ledger) due(highest uint32, now time.Time) {
	if !l.begun {
		return
	}
	l.open.To = highest
	isQuiet := l.closing.Kept == 0 && l.closing.Received == l.closing.Serials()
	switch {
	case isQuiet && now.Sub(l.told) < accountAtLeast:
		l.join()
	case l.closing.Serials() > 0:
		if !l.tell(event.AccountDue, now) {
			return
		}
		l.closing = l.open
	default:
		l.closing = l.open
	}
	l.open = event.Account{After: highest, To: highest}
}

// end tells all.
func (l *ledger) end(highest uint32, now time.Time) {
	if l.begun {
		l.open.To = highest
		l.join()
		l.tell(event.AccountEnd, now)
	}
}

// join makes one stretch of the two.
func (l *ledger) join() {
	l.closing.To = l.open.To
	l.closing.Received += l.open.Received
	l.closing.Kept += l.open.Kept
	l.closing.Dropped += l.open.Dropped
}

func (l *ledger) tell(at event.AccountAt, now time.Time) (hasRoom bool) {
	l.closing.At = at
	if !l.offer(l.closing) {
		return false
	}
	l.told = now
	return true
}

// enter notes in the ledgers that an event has come, and where it was offered. An event may come in two parts: the first counts.
func (s *sinks) enter(serial uint32, to []offered) {
	if !s.serials.come(serial) {
		return
	}
	for _, p := range s.places {
		if p.ledger == nil {
			continue
		}
		stretch := p.ledger.stretch(serial)
		if stretch == nil {
			continue
		}
		stretch.Received++
		for _, o := range to {
			if o.place != p {
				continue
			}
			stretch.Kept++
			if !o.queued {
				stretch.Dropped++
			}
		}
	}
}

// beginLedgers is before an event is offered.
func (s *sinks) beginLedgers(serial uint32) {
	if serial == 0 {
		return
	}
	after := serial - 1
	if s.serials.started {
		after = s.serials.highest
	}
	for _, p := range s.places {
		if p.ledger != nil && !p.ledger.begun {
			p.ledger.begin(after, time.Now())
		}
	}
}

// settle tells each place what is due. Those that have not been told all losses wait, so that a loss is in a file before what it explains.
func (s *sinks) settle(l *losses, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for target, p := range s.places {
		if p.ledger != nil && l.isSaid(target) {
			p.ledger.due(s.serials.highest, now)
		}
	}
}

// newLedger is that of a place whose file is signed.
func (s *sinks) newLedger(p *place) *ledger {
	return &ledger{offer: func(a event.Account) bool {
		a.Boot = s.boot
		return p.queue.OfferIfRoom(a.Event(s.options.NodeName, time.Now()))
	}}
}
