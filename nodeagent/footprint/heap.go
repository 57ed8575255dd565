package footprint

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// small is what may be alive in a heap that grows to three times as much before it is collected. An agent whose sinks keep up has some 5 to
	// 10 MiB alive, of which a busy node makes as much anew in half a second: each collection that is left out is worth more than the memory.
	small = 16 << 20
	// seldom and often are how many percent of what is alive a heap grows by: often is Go's own.
	seldom, often = 200, 100
)

// Heap has a small heap collected less often, from now on. It does nothing where the environment says how often (GOGC).
func Heap() {
	if os.Getenv("GOGC") != "" {
		return
	}
	h := &heap{set: func(percent int) { debug.SetGCPercent(percent) }}
	h.look(alive())
	h.again()
}

// heap is looked at after each collection.
type heap struct {
	percent int
	set     func(percent int) // stops the program for a moment
}

// look takes note of what is alive.
func (h *heap) look(alive uint64) {
	percent := often
	if alive <= small {
		percent = seldom
	}
	if percent != h.percent {
		h.percent = percent
		h.set(percent)
	}
}

// again has the heap looked at after the next collection: then the object that is garbage from here on is found.
func (h *heap) again() {
	runtime.AddCleanup(new([16]byte), func(h *heap) { h.look(alive()); h.again() }, h)
}

// alive is what the last collection has left.
func alive() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return small + 1
	}
	return sample[0].Value.Uint64()
}
