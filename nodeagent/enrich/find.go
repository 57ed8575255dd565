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
	where, ok := r.belowParent(ppid, e.Time, now)
	if !ok {
		return none
	}
	found := sighting{place: where, confidence: event.ConfidenceParent, at: now, since: now}
	r.seen.put(pid, found)
	return found
}

// process says where a process is or, if it is gone, where it was.
func (r *Enricher) process(pid uint32, at, now time.Time) (sighting, bool) {
	known, ok := r.seen.get(pid)
	if ok && known.holds(at, now) {
		return known, true
	}
	if where, ok := r.look(pid, at, now); ok {
		found := sighting{place: where, confidence: event.ConfidenceExact, at: now}.after(known)
		r.seen.put(pid, found)
		return found, true
	}
	return known, ok && known.reaches(at, now, memory)
}

// look reads a process's control group.
func (r *Enricher) look(pid uint32, at, now time.Time) (place, bool) {
	text, err := r.proc.read(pid, "cgroup")
	if err != nil {
		r.warn(err)
		return place{}, false
	}
	where := r.parse(text)
	if !where.known || (where.place == place{} && atRoot(text) && r.proc.ended(pid)) {
		return place{}, false
	}
	if now.Sub(at) > late && r.proc.beganAfter(pid, at, now) {
		return place{}, false
	}
	return where.place, true
}

// reading is what one text of /proc/PID/cgroup says.
type reading struct {
	place
	known bool
}

// parse reads a text unless it was read before: all processes of a container have the same.
func (r *Enricher) parse(text []byte) reading {
	found, ok := r.places.get(string(text))
	if ok {
		return found
	}
	key := string(text)
	absolute, known := r.space.absolute(key)
	found.known = known
	found.podUID, found.containerID = ParseCgroup(absolute)
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
func (r *Enricher) belowParent(ppid uint32, at, now time.Time) (place, bool) {
	parent, ok := r.process(ppid, at, now)
	if !ok || parent.place != (place{}) {
		return parent.place, ok
	}
	name, err := r.proc.read(ppid, "comm")
	if err == nil && (bytes.HasPrefix(name, []byte("containerd-shim")) || bytes.HasPrefix(name, []byte("conmon"))) {
		return r.besides(ppid, at, now)
	}
	return place{}, true
}

// besides says in which pod a shim's child was: in that of its other children, the pod's sandbox at least. containerd has one shim for a pod.
func (r *Enricher) besides(shim uint32, at, now time.Time) (place, bool) {
	text, err := r.proc.read(shim, "task/"+strconv.FormatUint(uint64(shim), 10)+"/children")
	if err != nil {
		return place{}, false
	}
	for child := range bytes.FieldsSeq(bytes.Clone(text)) {
		pid, err := strconv.ParseUint(string(child), 10, 32)
		if err != nil {
			continue
		}
		if found, ok := r.process(uint32(pid), at, now); ok && found.podUID != "" {
			return place{podUID: found.podUID}, true
		}
	}
	return place{}, false
}
