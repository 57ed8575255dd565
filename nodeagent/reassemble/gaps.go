package reassemble

import (
	"sync/atomic"
	"time"
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
		g.lost.Add(int64(len(g.missing)) + int64(distance) - 1)
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
	for serial, since := range g.missing {
		if now.Sub(since) >= Timeout {
			delete(g.missing, serial)
			g.lost.Add(1)
		}
	}
}

// settled says whether no serial is waited for.
func (g *gaps) settled() bool {
	return len(g.missing) == 0
}
