package pipeline

import (
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// DefaultKeepQueues is how long events wait for a sink that no route names any more.
const DefaultKeepQueues = 7 * 24 * time.Hour

// leftovers are queues on disk that belong to no sink of now: of sinks that were deleted, or that no route names any more. One that is empty goes at
// once, one with events after the time in which agents were running, which no jump of a clock makes shorter.
type leftovers struct {
	dir  string
	keep time.Duration
	log  *slog.Logger
	lost func(sink string, events int64)

	mu      sync.Mutex // guards what follows, and what is on disk
	ready   bool       // somebody has said which sinks there are
	used    map[string]bool
	found   map[string]*leftover
	counted time.Time // when an hour was last added

	told atomic.Pointer[map[string]leftover] // what was found last, for who asks while a disk is slow
}

// leftover is one of them.
type leftover struct {
	export.Left

	broken bool // it could not be read
	hours  int  // that it was left, as the file in it says
}

// sweepEvery is how often they are looked for.
const sweepEvery = 10 * time.Second

// newLeftovers are those of the sinks, which count what is lost with them.
func newLeftovers(s *sinks) *leftovers {
	l := &leftovers{keep: s.options.KeepQueues, log: s.options.Log, found: map[string]*leftover{}, lost: func(string, int64) {}}
	if l.keep == 0 {
		l.keep = DefaultKeepQueues
	}
	if s.options.StateDir != "" {
		l.dir = filepath.Join(s.options.StateDir, queueDir)
	}
	return l
}

// use says which sinks have queues on disk from now on. No other queue is opened until it is called again.
func (l *leftovers) use(names map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = names
	for name := range names {
		if err := os.Remove(filepath.Join(l.dir, name, export.UnnamedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.log.Warn("forgetting how long a queue was left", "sink", name, "err", err)
		}
		delete(l.found, name)
	}
	l.tell()
}

// tell keeps what was found for those who ask. The caller holds the lock.
func (l *leftovers) tell() {
	now := make(map[string]leftover, len(l.found))
	for name, found := range l.found {
		now[name] = *found
	}
	l.told.Store(&now)
}

// begin allows that queues are removed: before an agent has its configuration, all would be nobody's.
func (l *leftovers) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = true
}

// sweep looks for queues that are nobody's, and removes those whose time is over.
func (l *leftovers) sweep(now time.Time) {
	for name, events := range l.clear(now) {
		l.lost(name, events) // without the lock, for those who count have another
	}
}

// clear returns what was lost, by sink.
func (l *leftovers) clear(now time.Time) map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ready || l.dir == "" {
		return nil
	}
	hours := 0
	if l.counted.IsZero() {
		l.counted = now
	}
	for ; now.Sub(l.counted) >= time.Hour; l.counted = l.counted.Add(time.Hour) {
		hours++
	}
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil // there is none yet, or sinks say what is wrong with it
	}
	lost := map[string]int64{}
	defer l.tell()
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || l.used[name] {
			continue
		}
		if found := l.look(name, hours); found != nil && l.over(found) {
			if events := l.remove(name, found); events > 0 {
				lost[name] = events
			}
		}
	}
	return lost
}

// look reads a queue once, for nobody writes to it, and counts its hours.
func (l *leftovers) look(name string, hours int) *leftover {
	path := filepath.Join(l.dir, name)
	found := l.found[name]
	if found == nil {
		found = &leftover{hours: readHours(path)}
		var err error
		if found.Left, err = export.Look(path); err != nil {
			found.broken = true
			l.log.Warn("a queue of a sink that no route names cannot be read", "sink", name, "err", err)
		}
		if found.Events > 0 {
			l.log.Warn("events wait for a sink that no route names any more", "sink", name, "events", found.Events, "removedAfter", l.remaining(found).String())
		}
		l.found[name] = found
		writeHours(path, found.hours)
	}
	if hours > 0 {
		found.hours += hours
		writeHours(path, found.hours)
	}
	return found
}

// over says whether nobody needs it any more.
func (l *leftovers) over(found *leftover) bool {
	empty := found.Events == 0 && found.SetAside == 0 && !found.broken
	return empty || l.remaining(found) <= 0
}

// remove returns how many events are lost with it.
func (l *leftovers) remove(name string, found *leftover) int64 {
	if err := os.RemoveAll(filepath.Join(l.dir, name)); err != nil {
		l.log.Warn("removing a queue", "sink", name, "err", err)
		return 0
	}
	delete(l.found, name)
	if found.Events > 0 || found.broken {
		l.log.Warn("removed the queue of a sink that no route has named for long: its events are lost", "sink", name, "events", found.Events)
	}
	return found.Events
}

func (l *leftovers) remaining(found *leftover) time.Duration {
	return l.keep - time.Duration(found.hours)*time.Hour
}

func readHours(path string) int {
	text, err := os.ReadFile(filepath.Join(path, export.UnnamedFile))
	if err != nil {
		return 0
	}
	hours, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return max(hours, 0)
}

// writeHours loses an hour where it cannot write, which makes the queue stay longer.
func writeHours(path string, hours int) {
	_ = os.WriteFile(filepath.Join(path, export.UnnamedFile), []byte(strconv.Itoa(hours)+"\n"), 0o600)
}

// report tells of those with events. It waits for no disk.
func (l *leftovers) report(now time.Time) []v1alpha1.LeftQueue {
	told := l.told.Load()
	if told == nil {
		return nil
	}
	var list []v1alpha1.LeftQueue
	for _, name := range slices.Sorted(maps.Keys(*told)) {
		found := (*told)[name]
		list = append(list, v1alpha1.LeftQueue{
			Sink: name, Events: found.Events, Bytes: found.Bytes, RemovedAfter: metav1.NewTime(now.Add(l.remaining(&found)).UTC().Truncate(time.Hour)),
		})
	}
	return list[:min(len(list), maxLeft)]
}

// maxLeft is as many as a report may have.
const maxLeft = 64
