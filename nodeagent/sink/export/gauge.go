package export

import (
	"sync"
	"time"
)

// patience is how long who asks for a size waits for it. It is a memory access, unless a write to a slow disk holds the queue's lock.
const patience = 20 * time.Millisecond

// gauge is a number that takes long to read now and then. The zero value is 0.
type gauge struct {
	mu      sync.Mutex // guards what follows
	last    int64
	reading chan struct{} // is closed when the reading that goes on has ended
}

// read returns the number, or the one before where it does not come soon. It reads once at a time, however many ask.
func (g *gauge) read(number func() int64) int64 {
	g.mu.Lock()
	reading := g.reading
	if reading == nil {
		reading = make(chan struct{})
		g.reading = reading
		go func() {
			n := number()
			g.mu.Lock()
			defer g.mu.Unlock()
			g.last, g.reading = n, nil
			close(reading)
		}()
	}
	g.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-reading:
	case <-timer.C:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}
