package receive

import (
	"time"
	"unsafe"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// maxQueued is how many bytes of text may wait for those who decode: some 25,000 records, and a second and more of the most that a
	// processor can make.
	maxQueued = 8 << 20
	// maxBatches is how many batches may wait: an idle node's have one record each.
	maxBatches = 8192
)

// Batch is records that were read together. Their texts share one piece of memory, which lives as long as one of them.
type Batch struct {
	// Records are the records in the order in which they came.
	Records []event.Record
	// Lost is what was lost before them.
	Lost []Lost
	size int64
}

// Lost is a hole in the stream.
type Lost struct {
	// Where is LossSocket or LossQueue.
	Where event.Loss
	// Count is in the unit of Where.
	Count int64
	// Before and After are the serials of the records on both sides of the hole; 0 where none is known.
	Before, After uint32
}

// collect makes a batch of the datagrams that the ring holds, and hands it over or drops it.
func (r *Receiver) collect(s *socket, from *ring, count int) {
	size, kept := 0, r.kept[:0]
	for i := range count {
		datagram, sender := from.at(i)
		if r.anySender {
			sender = 0
		}
		m, ok := parse(datagram, sender)
		switch {
		case !ok:
		case !m.isRecord():
			r.answered(m)
		default:
			text := m.text()
			serial := serialOf(text)
			if !r.isNew(s, m.kind, serial, text) {
				continue
			}
			kept = append(kept, piece{kind: m.kind, serial: serial, text: text})
			size += len(text)
		}
	}
	r.kept = kept
	switch {
	case len(kept) == 0:
	case r.queued.Load()+int64(size) > maxQueued || len(r.batches) == cap(r.batches):
		r.drop(kept)
	default:
		r.hand(kept, size)
	}
}

// piece is a record in the ring.
type piece struct {
	kind   uint16
	serial uint32
	text   []byte
}

// hand copies the records out of the ring with one allocation. Only the reader sends, so that there is room.
func (r *Receiver) hand(kept []piece, size int) {
	var b *Batch
	select {
	case b = <-r.free:
	default:
		b = &Batch{Records: make([]event.Record, 0, slots)}
	}
	memory := make([]byte, 0, size)
	for _, p := range kept {
		start := len(memory)
		memory = append(memory, p.text...)
		b.Records = append(b.Records, event.Record{Type: p.kind, Data: view(memory[start:])})
	}
	b.size = int64(size)
	for i := range r.holes {
		r.holes[i].After = kept[0].serial
	}
	b.Lost = append(b.Lost, r.holes...)
	r.holes, r.dropping = r.holes[:0], false
	r.note(kept)
	r.queued.Add(b.size)
	r.batches <- b
}

// view is the text without a copy.
func view(text []byte) string {
	return unsafe.String(unsafe.SliceData(text), len(text)) //nolint:gosec // nobody writes to the memory again
}

// note remembers which serials have come.
func (r *Receiver) note(kept []piece) {
	if !r.started {
		r.started, r.first, r.highest = true, kept[0].serial, kept[0].serial
	}
	for _, p := range kept {
		if before(r.highest, p.serial) {
			r.highest = p.serial
		}
	}
	r.last = kept[len(kept)-1].serial
}

// drop counts the events of records for which the queue has no room: event.LossQueue.
func (r *Receiver) drop(kept []piece) {
	events := int64(0)
	for _, p := range kept {
		if !r.dropping || p.serial != r.lastDropped {
			events++
		}
		r.dropping, r.lastDropped = true, p.serial
	}
	r.dropped.Add(events)
	r.hole(event.LossQueue, events)
}

// hole notes a loss, to be told with the next batch.
func (r *Receiver) hole(where event.Loss, count int64) {
	for i := range r.holes {
		if r.holes[i].Where == where {
			r.holes[i].Count += count
			return
		}
	}
	r.holes = append(r.holes, Lost{Where: where, Count: count, Before: r.last})
}

// Done gives a batch back when its records have been taken. Nobody may use it afterwards; the texts of its records stay good.
func (r *Receiver) Done(b *Batch) {
	r.queued.Add(-b.size)
	clear(b.Records)
	*b = Batch{Records: b.Records[:0], Lost: b.Lost[:0]}
	select {
	case r.free <- b:
	default:
	}
}

// Gather is how long the reader lets records come together where nothing is asked for and the socket is large.
const Gather = 10 * time.Millisecond

// pauseOf is how long the reader lets records come together, at most gather. It is a small part of what the socket's buffer can take: at a rate
// of 100,000 records of 2 KiB a second, several times what a processor makes, a full 32 MiB last 160 ms, and 400 KiB last 2 ms.
func pauseOf(buffer int, gather time.Duration) time.Duration {
	if buffer >= socketBuffer/2 {
		return gather
	}
	return min(gather, 500*time.Microsecond)
}
