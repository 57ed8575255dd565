package enrich

import (
	"strconv"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// follow notes the child of a call that makes a process: it begins where the caller is. The call returns the child's pid as the caller's pid
// namespace counts, so that only callers in the host's tell; elsewhere the child's own records name the parent.
func (r *Enricher) follow(e *event.Event, caller sighting, now time.Time) {
	if r.tracer != nil || caller.confidence != event.ConfidenceExact || e.Exit == nil || *e.Exit <= 0 || !makesProcess(e) {
		return
	}
	pid, _ := e.PID.Get()
	if k, ok := r.kin.get(pid); !ok || !r.findSpace(k, now) || k.nested {
		return
	}
	child := uint32(*e.Exit)
	if known, ok := r.seen.get(child); ok && known.at.After(e.Time) {
		return
	}
	r.remember(child, sighting{
		place: caller.place, unit: caller.unit, source: event.SourceFork, confidence: event.ConfidenceParent, at: now, since: now,
	})
}

// makesProcess knows the calls by which processes are made. Threads have the flag CLONE_THREAD, which only clone shows among its arguments; that
// of a thread notes a number that no process has.
func makesProcess(e *event.Event) bool {
	const cloneThread = 0x10000
	switch e.Syscall {
	case "fork", "vfork", "clone3":
		return true
	case "clone":
		if len(e.SyscallArgs) == 0 {
			return false
		}
		flags, err := strconv.ParseUint(e.SyscallArgs[0], 16, 64)
		return err == nil && flags&cloneThread == 0
	default:
		return false
	}
}
