package hole

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Report is what is missing, and what explains it.
type Report struct {
	// Told is how many events tell of a loss, and Counted what was lost, by place.
	Told    int64            `json:"told"`
	Counted map[string]int64 `json:"counted"`
	// Accounts is how many stretches of serials the agent has accounted for and could be compared: with so many Serials, of which Here are
	// in the log, LeftOut went elsewhere or nowhere as routes ask, Gap never came, and Dropped found the queue of this log full.
	Accounts int64 `json:"accounts"`
	Serials  int64 `json:"serials"`
	Here     int64 `json:"here"`
	LeftOut  int64 `json:"leftOut"`
	Gap      int64 `json:"gap"`
	Dropped  int64 `json:"dropped"`
	// Pending is how many events at the end are not accounted for yet.
	Pending int64 `json:"pending"`
	// Holes are what the numbers above do not explain, and times without an agent.
	Holes []Hole `json:"holes"`
}

// Kind is what is known of a hole.
type Kind string

const (
	// Unexplained is events that are neither here nor left out nor counted as lost.
	Unexplained Kind = "unexplained"
	// Untold is that the agent's accounts themselves are missing.
	Untold Kind = "untold"
	// Sudden is that the agent ended before it could account for them.
	Sudden Kind = "sudden"
	// Away is that no agent was reading.
	Away Kind = "away"
)

// Place is a line of a file; the first is 1.
type Place struct {
	File string `json:"file"` // as the reader gave it
	Line int64  `json:"line"`
}

// Hole is a stretch of serials of which something is missing.
type Hole struct {
	// Kind is what is known of it.
	Kind Kind `json:"kind"`
	// From and To are lines around it.
	From Place `json:"from"`
	To   Place `json:"to"`
	// First and Last are the serials, Count is how many of them are missing, Since and Until when.
	First uint32    `json:"firstSerial"`
	Last  uint32    `json:"lastSerial"`
	Count int64     `json:"count"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Boot is the kernel's: serials begin anew with each.
	Boot string `json:"boot"`
}

// IsFinding says whether nothing harmless makes such a hole.
func (h *Hole) IsFinding() bool { return h.Kind == Unexplained || h.Kind == Untold }

// String is the hole for people.
func (h *Hole) String() string {
	serials := "serials " + strconv.FormatUint(uint64(h.First), 10) + " to " + strconv.FormatUint(uint64(h.Last), 10)
	if h.First == h.Last {
		serials = "serial " + strconv.FormatUint(uint64(h.First), 10)
	}
	const second = "2006-01-02T15:04:05Z"
	when := h.Since.UTC().Format(second) + " to " + h.Until.UTC().Format(second)
	switch h.Kind {
	case Unexplained:
	case Untold:
		return fmt.Sprintf("%s, %s: the agent's accounts of them are missing", serials, when)
	case Sudden:
		return fmt.Sprintf("%s, %s: the agent ended suddenly and has not accounted for them; %d are not here", serials, when, h.Count)
	case Away:
		return fmt.Sprintf("%s, %s: no agent was reading", serials, when)
	}
	if serialsIn(h.First, h.Last) == h.Count {
		return fmt.Sprintf("%s, %s: neither here nor counted as lost or left out", serials, when)
	}
	return fmt.Sprintf("%d of %s, %s: neither here nor counted as lost or left out", h.Count, serials, when)
}

// serialsIn is how many serials there are from first to last, none where last is before first.
func serialsIn(first, last uint32) int64 {
	if int32(last-first) < 0 {
		return 0
	}
	stretch := event.Account{After: first - 1, To: last}
	return stretch.Serials()
}

// sighting is an event in the log.
type sighting struct {
	serial uint32
	place  Place
}

// stretches goes through a log: events, then the account of each stretch of them.
type stretches struct {
	found     Report
	pending   []sighting // not accounted for
	last      *event.Account
	lastTime  time.Time
	earlier   time.Time // of the account before it: the events of a stretch may be as old
	unsure    int       // accounts of which older files may have had the events
	run       int       // of the agent, as far as the log tells
	deficits  []deficit
	losses    []loss
	sinkLoss  int64
	hasEvents bool
}

// deficit is a stretch of which something is missing that nothing has explained yet.
type deficit struct {
	Hole
	run         int
	spans       []Hole // which serials are missing, where the account leaves that open: none
	gap, beyond int64  // never came; came and is not here
}

// loss is a counted one of events that never came.
type loss struct {
	run           int
	before, after uint32 // 0 is unknown
	count         int64
}

// see takes note of an event.
func (s *stretches) see(serial uint32, at Place) {
	if !s.hasEvents && s.last == nil {
		s.unsure = 2 // the file does not begin with an account: older ones are gone
	}
	s.hasEvents = true
	if len(s.pending) == maxPending {
		s.pending = s.pending[:copy(s.pending, s.pending[maxPending/2:])]
	}
	s.pending = append(s.pending, sighting{serial, at})
}

// maxPending bounds the memory for logs without accounts. The agent accounts for an event some 20 seconds later.
const maxPending = 1 << 21

// lost takes note of a counted loss.
func (s *stretches) lost(fields event.Fields) {
	get := func(name string) int64 {
		value, _ := fields.Get(name)
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	count := get("count")
	if count == 0 {
		return
	}
	place, _ := fields.Get("place")
	s.found.Told++
	s.found.Counted[place] += count
	switch event.Loss(place) {
	case event.LossGap:
		s.losses = append(s.losses, loss{s.run, uint32(get("lastSerial")), uint32(get("nextSerial")), count})
	case event.LossSink:
		s.sinkLoss += count
	case event.LossKernel, event.LossSocket, event.LossQueue: // what never came of these is in gap, the queue of this log in its accounts
	}
}

// account compares what is here of a stretch with what the agent says.
func (s *stretches) account(a event.Account, now time.Time, at Place) {
	switch {
	case a.At == event.AccountBegin:
		s.began(a, now, at)
		s.unsure = 0
	case s.last != nil && a.After != s.last.To:
		s.note(Hole{Kind: Untold, From: at, To: at, First: s.last.To + 1, Last: a.After, Since: s.lastTime, Until: now, Boot: a.Boot})
		s.unsure = 2
	case s.last == nil && s.unsure == 0:
		s.unsure = 2
	}
	here := s.take(a)
	if s.unsure == 0 && a.At != event.AccountBegin {
		s.judge(a, here, now, at)
	}
	s.unsure = max(s.unsure-1, 0)
	if s.earlier = s.lastTime; a.At == event.AccountBegin {
		s.earlier = now
	}
	s.last, s.lastTime = &a, now
}

// began is the first account of an agent. What an earlier one has not accounted for never will be.
func (s *stretches) began(a event.Account, now time.Time, at Place) {
	s.run++
	last, pending := s.last, s.pending
	s.pending = nil
	if last == nil || last.Boot != a.Boot {
		return
	}
	known := last.To
	if len(pending) > 0 {
		first := pending[0].place
		slices.SortFunc(pending, bySerial)
		known = pending[len(pending)-1].serial
		here := int64(len(slices.CompactFunc(pending, func(x, y sighting) bool { return x.serial == y.serial })))
		s.note(Hole{
			Kind: Sudden, From: first, To: at, First: last.To + 1, Last: known, Count: max(serialsIn(last.To+1, known)-here, 0),
			Since: s.earlier, Until: now, Boot: a.Boot,
		})
	}
	if n := serialsIn(known+1, a.After); n > 0 {
		s.note(Hole{Kind: Away, From: at, To: at, First: known + 1, Last: a.After, Count: n, Since: s.lastTime, Until: now, Boot: a.Boot})
	}
}

func bySerial(a, b sighting) int { return int(int32(a.serial - b.serial)) }

func (s *stretches) note(h Hole) { s.found.Holes = append(s.found.Holes, h) }

// take returns the events of a stretch in the order of their serials, each once. What comes after its own stretch was late.
func (s *stretches) take(a event.Account) []sighting {
	var here []sighting
	rest := s.pending[:0]
	for _, seen := range s.pending {
		switch {
		case int32(seen.serial-a.To) > 0:
			rest = append(rest, seen)
		case int32(seen.serial-a.After) > 0:
			here = append(here, seen)
		default:
			s.late(seen.serial)
		}
	}
	s.pending = rest
	slices.SortStableFunc(here, bySerial)
	return slices.CompactFunc(here, func(x, y sighting) bool { return x.serial == y.serial })
}

// late is an event that the account of its stretch did not have.
func (s *stretches) late(serial uint32) {
	for i := len(s.deficits) - 1; i >= 0; i-- {
		d := &s.deficits[i]
		if d.run != s.run || int32(serial-d.First) < 0 || int32(serial-d.Last) > 0 {
			continue
		}
		if d.gap > 0 {
			d.gap--
		}
		d.spans = nil
		return
	}
}

// judge compares numbers.
func (s *stretches) judge(a event.Account, here []sighting, now time.Time, at Place) {
	gap := max(a.Serials()-a.Received, 0)
	r := &s.found
	r.Accounts++
	r.Serials += a.Serials()
	r.Here += int64(len(here))
	r.LeftOut += a.Received - a.Kept
	r.Gap += gap
	r.Dropped += a.Dropped
	beyond := max(a.Kept-a.Dropped-int64(len(here)), 0)
	if gap == 0 && beyond == 0 {
		return
	}
	d := deficit{
		Hole: Hole{Kind: Unexplained, From: at, To: at, First: a.After + 1, Last: a.To, Since: s.earlier, Until: now, Boot: a.Boot},
		run:  s.run, gap: gap, beyond: beyond,
	}
	if len(here) > 0 {
		d.From = here[0].place
	}
	if a.Received == a.Kept && a.Dropped == 0 {
		d.spans = between(d.Hole, here)
	}
	s.deficits = append(s.deficits, d)
}

// between are the serials that are missing of a stretch of which nothing was left out.
func between(all Hole, here []sighting) []Hole {
	var spans []Hole
	next, from := all.First, all.From
	add := func(last uint32, to Place) {
		one := all
		one.From, one.To, one.First, one.Last, one.Count = from, to, next, last, serialsIn(next, last)
		if one.Count > 0 {
			spans = append(spans, one)
		}
	}
	for _, seen := range here {
		add(seen.serial-1, seen.place)
		next, from = seen.serial+1, seen.place
	}
	add(all.Last, all.To)
	return spans
}
