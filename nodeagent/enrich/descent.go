package enrich

import (
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// descent fills in who started the process of an event, and says whether it came into its container from outside.
func (r *Enricher) descent(e *event.Event, found sighting, now time.Time) bool {
	pid, ok := e.PID.Get()
	if !ok || pid == 0 {
		return false
	}
	k := r.itself(e, pid, found, now)
	e.Who.Start, e.Who.Ancestors = k.Start, k.line
	return k.entry == entered && found.confidence != event.ConfidenceNone
}

// itself returns what is known of the process of an event, and learns from the event.
func (r *Enricher) itself(e *event.Event, pid uint32, found sighting, now time.Time) *kin {
	k, ok := r.kin.get(pid)
	known := ok && found.source == event.SourceEBPF && found.confidence == event.ConfidenceExact
	switch t := found.traced; {
	case t == nil && known:
	case t != nil && (!ok || !k.same(t, found.place)):
		k = fromTrace(pid, t, found.place, now)
		r.join(k, t.Start, now, 0)
	case t == nil && (!ok || now.Sub(k.at) >= trust || k.place != found.place || (e.Comm != "" && k.Comm != e.Comm)):
		ppid, _ := e.PPID.Get()
		k = &kin{
			Ancestor: event.Ancestor{PID: pid, Comm: strings.Clone(e.Comm)}, parent: ppid, place: found.place, at: now,
			placed: found.confidence != event.ConfidenceNone,
		}
		r.join(k, e.Time, now, 0)
	}
	if e.Exe != "" && e.Exe != k.Exe {
		k.Exe, k.below = strings.Clone(e.Exe), nil
	}
	r.kin.put(pid, k)
	return k
}

// join fills in what a process has from its parent.
func (r *Enricher) join(k *kin, at, now time.Time, depth int) {
	parent := r.ancestor(k.parent, at, now, depth+1)
	k.entry = r.entryOf(k, parent, now)
	if parent == nil || r.border(k, parent) {
		return
	}
	k.line = parent.lineBelow()
}

// ancestor returns what is known of a process that was there at a time, or nil.
func (r *Enricher) ancestor(pid uint32, at, now time.Time, depth int) *kin {
	if pid == 0 || depth > event.MaxAncestors {
		return nil
	}
	known, ok := r.kin.get(pid)
	if ok && known.told(at, now) {
		return known
	}
	if found, traced := r.trace(pid, at, now); traced {
		if ok && known.same(found.traced, found.place) {
			known.traced = now
			return known
		}
		return r.adopt(fromTrace(pid, found.traced, found.place, now), at, now, depth)
	}
	if ok && known.Start.Time().After(at.Add(reuse)) {
		ok = false
	}
	if ok && now.Sub(known.at) < trust {
		return known
	}
	if k := r.fromProc(pid, at, now); k != nil {
		if ok && k.Comm == known.Comm && near(k.Start.Time(), known.Start.Time()) {
			k.Exe = known.Exe
		}
		return r.adopt(k, at, now, depth)
	}
	if ok && now.Sub(known.at) < memory {
		return known
	}
	return nil
}

// adopt completes a new kin and keeps it.
func (r *Enricher) adopt(k *kin, at, now time.Time, depth int) *kin {
	if k.Exe == "" {
		r.program(k)
	}
	if k.Start != 0 {
		at = k.Start.Time()
	}
	r.join(k, at, now, depth)
	r.kin.put(k.PID, k)
	return k
}

// border says whether a process is the first of its line in its container: its parent is elsewhere, or it has come into the container's pid
// namespace while its parent, a helper of the runtime in the container's control group, has not.
func (r *Enricher) border(k, parent *kin) bool {
	if k.place.containerID == "" {
		return false
	}
	if parent.placed && parent.place.containerID != k.place.containerID {
		return true
	}
	return k.spaced && parent.spaced && k.nested && !parent.nested
}

// entryOf says how a process came into its container. Only of one that is in a pid namespace, whose first process is known by that, can it be
// said.
func (r *Enricher) entryOf(k, parent *kin, now time.Time) entry {
	if k.place.containerID == "" {
		return unknownEntry
	}
	if parent != nil && !r.border(k, parent) {
		return parent.entry
	}
	if !r.findSpace(k, now) || !k.nested {
		return unknownEntry
	}
	if k.init {
		return began
	}
	if parent == nil || !parent.placed {
		return unknownEntry
	}
	return entered
}
