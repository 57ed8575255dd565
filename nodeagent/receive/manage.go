package receive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Collect is from where records come.
type Collect int32

const (
	// Multicast reads the group beside whatever auditd there is.
	Multicast Collect = iota
	// Unicast is the kernel's auditd where there is no other, and Multicast elsewhere.
	Unicast
	// Off reads nothing.
	Off
)

const (
	// reopen is the time until a socket that could not be opened is tried again.
	reopen = 10 * time.Second
	// look is the time between two looks at who the auditd is, while Unicast is wanted.
	look = time.Second
	// yield is how long the place is left free for one who asked for it.
	yield = 15 * time.Second
	// patience is how long the kernel may take for an answer.
	patience = 5 * time.Second
)

// registration is what the managing goroutine knows.
type registration struct {
	seq       uint32
	is        bool      // this process is the auditd
	notBefore time.Time // of the next attempt
	complaint string    // the last one, not to be repeated
}

// answer is the kernel's to a request.
type answer struct{ seq, errno uint32 }

// numberAt reads the number that a message of the kernel begins with, without the sign that errors have.
func numberAt(body []byte) uint32 {
	if len(body) < 4 {
		return 0
	}
	n := int32(binary.NativeEndian.Uint32(body))
	return uint32(max(n, -n))
}

var ownPID = uint32(os.Getpid())

// Collect says from where records shall come from now on. It returns at once; no record is lost or doubled by a change, other than to Off.
func (r *Receiver) Collect(from Collect) {
	r.wanted.Store(int32(from))
	r.manageNow()
}

func (r *Receiver) manageNow() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// manage opens and closes sockets, and takes and gives back the auditd's place, until ctx ends.
func (r *Receiver) manage(ctx context.Context) {
	for ctx.Err() == nil {
		again := r.step(ctx)
		var timer <-chan time.Time
		if again > 0 {
			timer = time.After(again)
		}
		select {
		case <-ctx.Done():
		case <-r.kick:
		case <-timer:
		}
	}
}

// step makes what is so what is wanted, and returns when to look again; 0 is when asked to.
func (r *Receiver) step(ctx context.Context) time.Duration {
	wanted := Collect(r.wanted.Load())
	switch wanted {
	case Off:
		r.giveBack(ctx)
		r.do(func() { r.closeAll(); r.failed(nil) })
		return 0
	case Unicast:
		r.keep(ctx)
	default:
		r.giveBack(ctx)
	}
	if !r.is {
		r.do(func() {
			if r.group == nil {
				r.openGroup()
			}
		})
	}
	switch {
	case wanted == Unicast && time.Now().Before(r.notBefore):
		return look / 10 // so that a daemon which has the place for a short time only is seen to have had it
	case wanted == Unicast:
		return look
	case r.State().Err != nil:
		return reopen
	}
	return 0
}

// keep takes the auditd's place where it is free, and notices when it is lost.
func (r *Receiver) keep(ctx context.Context) {
	if r.asked.Swap(false) && r.is {
		r.log.Info("another audit daemon asks for the kernel's records: it may have them, and this one reads the multicast group")
		r.giveBack(ctx)
		r.notBefore = time.Now().Add(yield)
		return
	}
	pid, err := r.options.Auditd()
	switch {
	case err != nil:
		r.complain("asking the kernel for its audit daemon", err)
	case r.is && (pid != ownPID || r.gone.Swap(false)):
		r.log.Warn("this process is no longer the kernel's audit daemon and reads the multicast group", "auditd", pid)
		r.leave(ctx, false)
	case r.is:
	case pid != 0:
		r.notBefore = time.Time{} // whoever asked for the place has it: when it ends, the place is free
	case time.Now().After(r.notBefore):
		r.takePlace(ctx)
	}
}

// takePlace becomes the auditd. From the moment at which both sockets get records, doubles are left out.
func (r *Receiver) takePlace(ctx context.Context) {
	s, err := openSocket(0)
	if err != nil {
		r.complain("becoming the kernel's audit daemon", err)
		return
	}
	r.do(func() {
		if err = r.watch(s); err == nil {
			r.auditd = s
			r.begin(true)
		}
	})
	if err == nil {
		err = r.ask(ctx, s, ownPID)
	}
	if ctx.Err() != nil {
		return // the reader gives back what it has
	}
	if err != nil {
		r.do(func() { r.forget(s); r.doubles = nil })
		r.complain("becoming the kernel's audit daemon", err)
		return
	}
	r.do(r.cover)
	r.set(true)
	r.complaint = ""
	r.log.Info("no other audit daemon runs: this process is the kernel's now")
}

func (r *Receiver) set(is bool) {
	r.is = is
	r.mu.Lock()
	r.unicast = is
	r.mu.Unlock()
}

// giveBack leaves the auditd's place, if this process has it.
func (r *Receiver) giveBack(ctx context.Context) {
	if r.is {
		r.leave(ctx, true)
	}
}

// leave joins the group before it gives up the other socket, so that there is no hole. mine is whether the place is still this process's.
func (r *Receiver) leave(ctx context.Context, mine bool) {
	var s *socket
	r.do(func() {
		s = r.auditd
		r.begin(false)
		r.openGroup()
		r.covered = mine
	})
	if mine && s != nil {
		r.do(r.uncover)
		if err := r.ask(ctx, s, 0); err != nil {
			r.complain("giving back the place of the kernel's audit daemon", err)
		}
	}
	r.do(func() {
		if r.auditd == nil {
			return
		}
		r.empty(r.auditd)
		r.forget(r.auditd)
		if r.doubles != nil {
			r.doubles.until = time.Now().Add(settled)
		}
	})
	r.set(false)
}

// ask registers the process pid, or none, with this socket.
func (r *Receiver) ask(ctx context.Context, s *socket, pid uint32) error {
	r.seq++
	if err := s.setAuditd(pid, r.seq); err != nil {
		return err
	}
	late := time.After(patience)
	for {
		select {
		case a := <-r.answers:
			switch {
			case a.seq != r.seq:
				continue
			case a.errno != 0:
				return unix.Errno(a.errno)
			}
			return nil
		case <-late:
			return fmt.Errorf("no answer within %s: %w", patience, unix.ETIMEDOUT)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// complain says each error once.
func (r *Receiver) complain(what string, err error) {
	if err == nil || errors.Is(err, context.Canceled) || r.complaint == err.Error() {
		return
	}
	r.complaint = err.Error()
	r.log.Warn("the place of the kernel's audit daemon", "doing", what, "err", err)
}
