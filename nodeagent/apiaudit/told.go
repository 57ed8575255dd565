package apiaudit

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// Told are actors as events of event.TypeActor tell of them: for who reads events that were sent before their session was known.
type Told struct{ byPID map[pid][]*event.Event }

// Add takes in such an event. Others are left out.
func (t *Told) Add(e *event.Event) {
	if e.Type != event.TypeActor || e.Who.Actor == nil || e.Who.Start == 0 {
		return
	}
	if t.byPID == nil {
		t.byPID = map[pid][]*event.Event{}
	}
	id := firstOf(e).pid
	t.byPID[id] = append(t.byPID[id], &event.Event{Who: e.Who})
}

// Join fills in Who.Actor of an event of a process that was told of. What was told last counts, also before what the event says itself.
func (t *Told) Join(e *event.Event) {
	if e.Who.Pod == "" || e.Who.Start == 0 {
		return
	}
	f := firstOf(e)
	for _, of := range t.byPID[f.pid] {
		if f.known && of.Who.Start.Time().Sub(f.began).Abs() <= near && samePod(&of.Who, &e.Who) {
			e.Who.Actor = of.Who.Actor
		}
	}
}
