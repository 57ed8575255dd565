package receive

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Options are what a Receiver works with.
type Options struct {
	// Auditd returns the process that is the kernel's auditd, 0 for none. It is asked while Unicast is wanted. Nil is for receivers that never
	// want it.
	Auditd func() (pid uint32, err error)
	// Gather is how long records may come together before they are read, Gather where it is 0: each time that the reader wakes costs as much
	// as decoding some records. A small socket makes it shorter.
	Gather time.Duration
	// Log is the program's. Nil is nowhere.
	Log *slog.Logger
}

// Receiver reads records: New, then Run once, which ends what New began. The other methods may be called from any goroutine at any time.
type Receiver struct {
	options  Options
	log      *slog.Logger
	poller   *poller
	batches  chan *Batch
	free     chan *Batch
	queued   atomic.Int64 // bytes of text in batches
	commands chan func()
	kick     chan struct{}
	answers  chan answer
	wanted   atomic.Int32
	asked    atomic.Bool // another auditd wants to take the place
	gone     atomic.Bool // the auditd's socket has failed
	overruns atomic.Int64
	dropped  atomic.Int64

	mu      sync.Mutex // guards the two
	err     error
	unicast bool

	registration // of the goroutine that manages

	// What follows is the reader's own.
	ring    *ring
	spare   *ring // for what the auditd is sent while both sockets are read
	kept    []piece
	holes   []Lost
	started bool
	first   uint32 // serials that came
	last    uint32
	highest uint32
	// dropping is since records were dropped and none was handed over, lastDropped the serial of the last one.
	dropping    bool
	lastDropped uint32

	group   *socket // of the multicast group; not a member while the other one gets everything
	auditd  *socket
	covered bool     // all that the kernel has sent since the group's socket was last empty was for the auditd's too
	doubles *doubles // while both may get the same
	// anySender takes messages of other processes for the kernel's, in tests.
	anySender bool
}

// New joins the multicast group, so that what happens from now on waits in the socket. Where it cannot, State says why, and Run tries again.
func New(options Options) (*Receiver, error) {
	poller, err := newPoller()
	if err != nil {
		return nil, err
	}
	if options.Gather == 0 {
		options.Gather = Gather
	}
	r := &Receiver{
		options: options, log: options.Log, poller: poller, ring: newRing(),
		batches: make(chan *Batch, maxBatches), free: make(chan *Batch, 64),
		commands: make(chan func(), 8), kick: make(chan struct{}, 1), answers: make(chan answer, 8),
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.wanted.Store(int32(Multicast))
	r.openGroup()
	return r, nil
}

// Batches gives what was read, in order. It is closed after Run has read the last. Give each back with Done.
func (r *Receiver) Batches() <-chan *Batch { return r.batches }

// State is how a Receiver is.
type State struct {
	// Overruns is how often the kernel found the socket full: event.LossSocket.
	Overruns int64
	// Dropped is events for which the queue between the reader and its user had no room: event.LossQueue.
	Dropped int64
	// Unicast says whether this process is the kernel's auditd.
	Unicast bool
	// Err is why nothing is received, if that is so.
	Err error
}

// State returns how the Receiver is now.
func (r *Receiver) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return State{Overruns: r.overruns.Load(), Dropped: r.dropped.Load(), Unicast: r.unicast, Err: r.err}
}

// Run reads until ctx ends, and then what is left. It gives the auditd's place back if it has it.
func (r *Receiver) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, r.poller.wake)()
	managed := make(chan struct{})
	go func() {
		defer close(managed)
		r.manage(ctx)
	}()
	for {
		r.poller.rest()
		r.obey()
		if ctx.Err() != nil {
			break
		}
		if r.drain() < busy { // otherwise more are there after the pause
			r.arm()
			r.poller.wait()
		}
		r.poller.pause(r.pause())
	}
	for {
		select {
		case command := <-r.commands:
			command()
			continue
		case <-managed:
		}
		r.end()
		return
	}
}

// obey does what the managing goroutine asks for.
func (r *Receiver) obey() {
	for {
		select {
		case command := <-r.commands:
			command()
		default:
			return
		}
	}
}

// do has the reader do something, and returns when it is done.
func (r *Receiver) do(what func()) {
	done := make(chan struct{})
	r.commands <- func() { what(); close(done) }
	r.poller.wake()
	<-done
}

func (r *Receiver) sockets() [2]*socket { return [2]*socket{r.group, r.auditd} }

// busy is so many datagrams in a pause that it is not worth while to wait for the next one.
const busy = 16

// drain reads until nothing is there, and returns how many datagrams were.
func (r *Receiver) drain() (count int) {
	var began time.Time
	if r.doubles != nil {
		began = time.Now()
	}
	all := true
	for _, s := range r.sockets() {
		if s != nil {
			n := r.empty(s)
			all = all && n < most
			count += n
		}
	}
	if all {
		r.settle(began)
	}
	return count
}

// most is how many datagrams are read in a row: a burst that never ends is left after some time, so that commands are heard.
const most = 64 * slots

// empty reads a socket until nothing is there, or most datagrams.
func (r *Receiver) empty(s *socket) (count int) {
	for count < most {
		from := r.ringOf(s)
		n, err := from.read(s.fd)
		switch {
		case err == nil:
			if from != r.ring && r.group != nil {
				r.exhaust(r.group) // what is in the ring was sent there before
			}
			r.collect(s, from, n)
		case errors.Is(err, unix.EAGAIN):
			return count
		case errors.Is(err, unix.ENOBUFS):
			r.overrun()
			n = slots // there is more
		default:
			r.broken(s, err)
			return count
		}
		if count += n; n < slots {
			return count
		}
	}
	return count
}

// overrun counts that a socket was full, unless the auditd's gets everything: what finds it full the kernel keeps for it (kernel/audit.c,
// kauditd_send_queue and kauditd_retry_skb), and what the group's misses comes to it too.
func (r *Receiver) overrun() {
	if r.covered {
		return
	}
	r.overruns.Add(1)
	r.hole(event.LossSocket, 1)
}

// exhaust reads all that was in a socket when it was called: no socket holds eight times as much as is read in a row.
func (r *Receiver) exhaust(s *socket) {
	for range 8 {
		if r.empty(s) < most {
			return
		}
	}
}

// ringOf returns the memory to read a socket into.
func (r *Receiver) ringOf(s *socket) *ring {
	if r.doubles == nil {
		r.spare = nil
		return r.ring
	}
	if s != r.auditd {
		return r.ring
	}
	if r.spare == nil {
		r.spare = newRing()
	}
	return r.spare
}

func (r *Receiver) arm() {
	for _, s := range r.sockets() {
		if s != nil {
			r.poller.arm(s.fd)
		}
	}
}

func (r *Receiver) pause() time.Duration {
	buffer := socketBuffer
	for _, s := range r.sockets() {
		if s != nil {
			buffer = min(buffer, s.buffer)
		}
	}
	return pauseOf(buffer, r.options.Gather)
}

// end reads what is left and closes the sockets.
func (r *Receiver) end() {
	if r.auditd != nil {
		r.covered = false
		_ = r.auditd.setAuditd(0, 0) // where another one has the place by now, the kernel refuses
	}
	r.obey()
	r.drain()
	r.closeAll()
	r.poller.close()
	close(r.batches)
}
