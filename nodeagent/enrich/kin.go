package enrich

import (
	"bytes"
	"os"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// kin is what is known of a process as somebody's child and parent.
type kin struct {
	event.Ancestor
	exec   time.Time // when it ran its program, where a Tracer told
	parent uint32
	place  place
	placed bool // whether place is known
	at     time.Time
	traced time.Time // when a Tracer last told of it; zero where none has

	// Whether it is in a pid namespace below the host's, and the first of its own. Valid when spaced.
	spaced, nested, init bool

	entry entry
	line  []event.Ancestor // those before it, the closest first
	below []event.Ancestor // the line of its children: itself and its own. Made when it is asked for
}

// lineBelow returns the line of the process's children, which share it.
func (k *kin) lineBelow() []event.Ancestor {
	if k.below == nil {
		k.below = append(make([]event.Ancestor, 0, min(len(k.line)+1, event.MaxAncestors)), k.Ancestor)
		k.below = append(k.below, k.line[:min(len(k.line), event.MaxAncestors-1)]...)
	}
	return k.below
}

// entry says how a process came into its container.
type entry int

const (
	unknownEntry entry = iota
	// began is a process that descends from the container's first, or is it.
	began
	// entered is one that came from outside, or descends from one that did.
	entered
)

// same says whether a process is the one that a Tracer tells of, and still runs the same program in the same place.
func (k *kin) same(t *Traced, where place) bool {
	return near(k.Start.Time(), t.Start) && near(k.exec, t.Exec) && k.place == where
}

// told says whether a Tracer has told all that it can of a process for an event: one that had happened for certain when it told. Where several
// programs are started by one, as in a shell's loop, it need not be asked about that one each time.
func (k *kin) told(at, now time.Time) bool {
	return !k.traced.IsZero() && at.Before(k.traced.Add(-grain)) && now.Sub(k.traced) < trust && !k.Start.Time().After(at.Add(reuse))
}

// near compares times since boot that were turned into times of day at different moments.
func near(a, b time.Time) bool {
	return a.Sub(b).Abs() < grain
}

// fromTrace makes a kin of what a Tracer told.
func fromTrace(pid uint32, t *Traced, where place, now time.Time) *kin {
	comm, _, _ := bytes.Cut(t.Comm[:], []byte{0})
	return &kin{
		Ancestor: event.Ancestor{PID: pid, Comm: string(comm), Start: event.MomentOf(t.Start)}, exec: t.Exec,
		parent: t.Parent, place: where, placed: true, at: now, traced: now, spaced: true, nested: t.Nested, init: t.Init,
	}
}

// fromProc reads a process that is there and began before a time. It is nil otherwise.
func (r *Enricher) fromProc(pid uint32, before, now time.Time) *kin {
	s, ok := r.proc.stat(pid)
	if !ok {
		return nil
	}
	k := &kin{Ancestor: event.Ancestor{PID: pid, Comm: s.comm}, parent: s.parent, at: now}
	if uptime, ok := r.proc.uptime(); ok {
		k.Start = event.MomentOf(now.Add(s.began - uptime))
	}
	if k.Start.Time().After(before.Add(reuse)) {
		return nil
	}
	if found, ok := r.process(pid, now, now); ok {
		k.place, k.placed = found.place, true
	}
	return k
}

// findSpace makes sure that the pid namespace of a process is known, if it still can be.
func (r *Enricher) findSpace(k *kin, now time.Time) bool {
	if !k.spaced && now.Sub(k.at) < trust {
		k.nested, k.init, k.spaced = r.proc.pidNamespace(k.PID)
	}
	return k.spaced
}

// program fills in the path of a process's program. Reading it needs rights over the process, which the agent has alone on a host only.
func (r *Enricher) program(k *kin) {
	if path, err := os.Readlink(r.proc.name(k.PID, "exe")); err == nil {
		k.Exe = strings.TrimSuffix(path, " (deleted)")
	}
}
