//go:build linux

package trace

import (
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

// Process returns what the kernel noted of the process that had this pid last. It is false for one that the kernel has not noted or has
// forgotten, and where a group of it is not known by its path.
func (t *Tracer) Process(pid uint32) (enrich.Traced, bool) {
	var r record
	if err := t.processes.Lookup(&pid, &r); err != nil {
		return enrich.Traced{}, false
	}
	now, ok := t.groups.paths(r.Now)
	if !ok {
		return enrich.Traced{}, false
	}
	traced := enrich.Traced{Parent: r.Parent, Init: r.Flags&flagInit != 0, Nested: r.Level > 0, Groups: now, Comm: r.Comm}
	boot := t.clock.boot(time.Now())
	traced.Start, traced.Exec, traced.Exit = since(boot, r.Start), since(boot, r.Exec), since(boot, r.Exit)
	if r.Moved == 0 {
		return traced, true
	}
	if before, ok := t.groups.paths(r.before()); ok {
		traced.Moved, traced.Before = since(boot, r.Moved), before
	}
	return traced, true
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
