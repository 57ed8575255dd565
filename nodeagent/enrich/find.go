package enrich

import (
	"bytes"
	"errors"
	"strconv"
	"syscall"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// find looks for the process itself, then for its parent.
func (r *Enricher) find(e *event.Event, now time.Time) sighting {
	none := sighting{confidence: event.ConfidenceNone, at: now}
	pid, ok := e.PID.Get()
	if !ok || pid == 0 {
		return none
	}
	if found, ok := r.process(pid, e.Time, now); ok {
		return found
	}
	ppid, ok := e.PPID.Get()
	if !ok || ppid == 0 {
		return none
	}
	found, ok := r.belowParent(ppid, e.Time, now)
	if !ok {
		return none
	}
	found = sighting{place: found.place, unit: found.unit, source: found.source, confidence: event.ConfidenceParent, at: now, since: now}
	r.remember(pid, found)
	return found
}

// process says where a process is or, if it is gone, where it was.
func (r *Enricher) process(pid uint32, at, now time.Time) (sighting, bool) {
	known, ok := r.seen.get(pid)
	if ok && known.holds(at, now) {
		return known, true
	}
	if found, ok := r.trace(pid, at, now); ok {
		if !found.passing {
			r.seen.put(pid, found.kept(known))
		}
		return found, true
	}
	if found, ok := r.look(pid, at, now); ok {
		sighting := sighting{place: found.place, unit: found.unit, source: event.SourceProc, confidence: event.ConfidenceExact, at: now}.after(known)
		r.remember(pid, sighting)
		return sighting, true
	}
	return known, ok && (known.reaches(at, now, memory) || r.lasts(known, at, now))
}

// remember keeps a sighting, with the number of processes that there have been by then.
func (r *Enricher) remember(pid uint32, found sighting) {
	found.forks = r.forks.noted()
	r.seen.put(pid, found)
}

// lasts says whether a sighting that is older than memory still tells where a process was that is gone by now: it could not move, and its pid
// cannot have gone to another one, because so few were handed out since.
func (r *Enricher) lasts(known sighting, at, now time.Time) bool {
	return r.tracer == nil && known.settled() && !at.Before(known.at) && r.forks.fewSince(known.forks, now)
}

// trace asks the Tracer. A process that began clearly after the event has the pid of the one that made it.
func (r *Enricher) trace(pid uint32, at, now time.Time) (sighting, bool) {
	if r.tracer == nil {
		return sighting{}, false
	}
	t, ok := r.tracer.Process(pid)
	if !ok || t.Start.After(at.Add(reuse)) {
		return sighting{}, false
	}
	found := sighting{
		source: event.SourceEBPF, confidence: event.ConfidenceExact, at: now, since: now, began: t.Start.Add(-reuse), traced: &t,
	}
	where := r.read(t.Groups)
	switch {
	case t.Moved.After(at):
		where, found.passing = r.read(t.Before), true
	case !t.Moved.IsZero():
		found.began = t.Moved
	}
	found.place, found.unit = where.place, where.unit
	return found, true
}

// read is parse for groups that a Tracer has told: their paths are the host's.
func (r *Enricher) read(groups Groups) reading {
	found, ok := r.groups.get(groups)
	if ok {
		return found
	}
	found.take(groups.Unified)
	found.take(groups.Legacy)
	found = found.final()
	r.groups.put(groups, found)
	return found
}

// look reads a process's control group.
func (r *Enricher) look(pid uint32, at, now time.Time) (reading, bool) {
	text, err := r.proc.read(pid, "cgroup")
	if err != nil {
		r.warn(err)
		return reading{}, false
	}
	where := r.parse(text)
	if !where.known || (where.place == place{} && atRoot(text) && r.proc.ended(pid)) {
		return reading{}, false
	}
	if now.Sub(at) > late && r.proc.beganAfter(pid, at, now) {
		return reading{}, false
	}
	return where, true
}

// parse reads a text unless it was read before: all processes of a container have the same.
func (r *Enricher) parse(text []byte) reading {
	found, ok := r.places.get(string(text))
	if ok {
		return found
	}
	key := string(text)
	absolute, known := r.space.absolute(key)
	found = parseGroups(absolute)
	found.known = known
	r.places.put(key, found)
	return found
}

// warn tells about the first error that is not the end of a process.
func (r *Enricher) warn(err error) {
	if r.warned || errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ESRCH) {
		return
	}
	r.warned = true
	r.logger.Warn("cannot read control groups of processes, so events do not tell their pod", "proc", r.proc.root, "err", err)
}

// atRoot says whether a process is at the root of all hierarchies of version 1: there the kernel shows zombies, wherever they were.
func atRoot(text []byte) bool {
	found := false
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("0::")) {
			continue
		}
		if !bytes.HasSuffix(line, []byte(":/\n")) {
			return false
		}
		found = true
	}
	return found
}

// belowParent says where a child of a process is, by the parent's place. The first process of a container is different: its parent is the
// runtime's shim, on the host.
func (r *Enricher) belowParent(ppid uint32, at, now time.Time) (sighting, bool) {
	parent, ok := r.process(ppid, at, now)
	if !ok || parent.place != (place{}) {
		return parent, ok
	}
	name, err := r.proc.read(ppid, "comm")
	if err == nil && (bytes.HasPrefix(name, []byte("containerd-shim")) || bytes.HasPrefix(name, []byte("conmon"))) {
		return r.besides(ppid, at, now)
	}
	return parent, true
}

// besides says in which pod a shim's child was: in that of its other children, the pod's sandbox at least. containerd has one shim for a pod.
func (r *Enricher) besides(shim uint32, at, now time.Time) (sighting, bool) {
	text, err := r.proc.read(shim, "task/"+strconv.FormatUint(uint64(shim), 10)+"/children")
	if err != nil {
		return sighting{}, false
	}
	for child := range bytes.FieldsSeq(bytes.Clone(text)) {
		pid, err := strconv.ParseUint(string(child), 10, 32)
		if err != nil {
			continue
		}
		if found, ok := r.process(uint32(pid), at, now); ok && found.podUID != "" {
			return sighting{place: place{podUID: found.podUID}, source: found.source}, true
		}
	}
	return sighting{}, false
}
