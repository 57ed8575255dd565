package reassemble

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// maxMissing is how many late serials are waited for. A greater hole is a loss at once.
const maxMissing = 1 << 14

// gaps counts the serials that never came. The kernel numbers an event when it writes its first record, and events that rules leave out
// get no number, so that a hole is a loss. A serial that comes after its successor is none: an event that ends late is late.
type gaps struct {
	highest uint32
	started bool
	missing map[uint32]time.Time // since when
	lost    atomic.Int64
	hole    event.Hole // since the last time that somebody asked
}

// see takes note of a serial that came.
func (g *gaps) see(serial uint32, now time.Time) {
	distance := int32(serial - g.highest) // also right where serials start again
	switch {
	case !g.started:
		g.started, g.highest, g.missing = true, serial, map[uint32]time.Time{}
	case distance <= 0:
		delete(g.missing, serial)
	case len(g.missing)+int(distance)-1 > maxMissing:
		g.lose(int64(len(g.missing))+int64(distance)-1, g.highest, serial, now)
		clear(g.missing)
		g.highest = serial
	default:
		for late := g.highest + 1; late != serial; late++ {
			g.missing[late] = now
		}
		g.highest = serial
	}
}

// settle gives up on serials that have been late for Timeout.
func (g *gaps) settle(now time.Time) {
	var late []uint32
	for serial, since := range g.missing {
		if now.Sub(since) >= Timeout {
			delete(g.missing, serial)
			late = append(late, serial)
		}
	}
	slices.SortFunc(late, func(a, b uint32) int { return int(int32(a - b)) })
	for first := 0; first < len(late); {
		end := first + 1
		for end < len(late) && late[end] == late[end-1]+1 {
			end++
		}
		g.lose(int64(end-first), late[first]-1, late[end-1]+1, now)
		first = end
	}
}

// lose counts serials between two that came.
func (g *gaps) lose(count int64, before, after uint32, now time.Time) {
	g.lost.Add(count)
	g.hole.Join(event.Hole{Where: event.LossGap, Count: count, Since: now, Before: before, After: after})
}

// settled says whether no serial is waited for.
func (g *gaps) settled() bool {
	return len(g.missing) == 0
}
