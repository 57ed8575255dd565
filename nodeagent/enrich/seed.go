package enrich

import (
	"os"
	"strconv"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// seed looks at every process that there is: one of them may end right after its first event.
func (r *Enricher) seed(now time.Time) {
	r.forks.look(now)
	dir, err := os.Open(r.proc.root)
	if err != nil {
		return
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	uptime, _ := r.proc.uptime()
	for _, name := range names {
		pid, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			continue
		}
		found, ok := r.look(uint32(pid), now, now)
		stat, there := r.proc.stat(uint32(pid))
		if ok && there {
			r.remember(uint32(pid), sighting{
				place: found.place, unit: found.unit, source: event.SourceProc, confidence: event.ConfidenceExact, at: now, since: now,
				began: now.Add(stat.began - uptime - reuse),
			})
		}
	}
}
