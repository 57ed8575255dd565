//go:build linux

package trace

import (
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

// Process returns what the kernel noted of the process that had this pid last. It is false for one that the kernel has not noted or has
// forgotten, and where a group of it is not known by its path.
func (t *Tracer) Process(pid uint32) (enrich.Traced, bool) {
	t.pid = pid
	if err := t.processes.Lookup(&t.pid, &t.record); err != nil {
		return enrich.Traced{}, false
	}
	r := &t.record
	now, ok := t.groups.paths(r.Now)
	if !ok {
		return enrich.Traced{}, false
	}
	traced := enrich.Traced{Parent: r.Parent, Init: r.Flags&flagInit != 0, Nested: r.Level > 0, Groups: now, Comm: r.Comm}
	boot := t.clock.boot()
	traced.Start, traced.Exec, traced.Exit = since(boot, r.Start), since(boot, r.Exec), since(boot, r.Exit)
	if r.Moved == 0 {
		return traced, true
	}
	if before, ok := t.groups.paths(r.before()); ok {
		traced.Moved, traced.Before = r.moved(boot), before
	}
	return traced, true
}

// grain is how far the time of an event may lie before the event where nothing is known of the call that moved the process: the kernel takes the
// time of its last tick, at most 10 ms old unless the machine stood still, and prints it in milliseconds.
const grain = 11 * time.Millisecond

// moved returns from which time on events are of the place where the process is now. The audit system takes the time of a call at its beginning,
// so what the process does after the move has the time of the moving call or a later one, and is printed in milliseconds.
func (r *record) moved(boot time.Time) time.Time {
	at := since(boot, r.Moved)
	call := time.Unix(0, int64(r.Call)).Truncate(time.Millisecond)
	// What is far from it is not of this call, or somebody has set the clock.
	if took := at.Sub(call); r.Call == 0 || took < -grain || took > time.Second {
		return at.Add(-grain)
	}
	return call
}

// before returns the groups before the last move: where a process has not moved in one of the hierarchies, it was where it is.
func (r *record) before() ids {
	was := r.Before
	if was.Unified == 0 {
		was.Unified = r.Now.Unified
	}
	if was.Legacy == 0 {
		was.Legacy = r.Now.Legacy
	}
	return was
}

func since(boot time.Time, nanoseconds uint64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return boot.Add(time.Duration(nanoseconds))
}
