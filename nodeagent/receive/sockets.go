package receive

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// openGroup opens the socket of the multicast group, or joins the group again with the one that is there. It is for New and the reader.
func (r *Receiver) openGroup() {
	if r.group != nil {
		if err := r.group.join(); err != nil {
			r.broken(r.group, err)
		}
		return
	}
	s, err := openSocket(readLogGroup)
	if err == nil {
		err = r.watch(s)
	}
	if err != nil {
		r.failed(err)
		return
	}
	r.group = s
	r.failed(nil)
}

// watch adds a socket to those that are waited for, or closes it.
func (r *Receiver) watch(s *socket) error {
	if err := r.poller.add(s.fd); err != nil {
		s.close()
		return fmt.Errorf("watching the audit socket: %w", err)
	}
	return nil
}

// forget closes a socket.
func (r *Receiver) forget(s *socket) {
	if s == nil {
		return
	}
	r.poller.remove(s.fd)
	s.close()
	if s == r.group {
		r.group = nil
	}
	if s == r.auditd {
		r.auditd, r.covered = nil, false
	}
}

func (r *Receiver) closeAll() {
	r.forget(r.group)
	r.forget(r.auditd)
	r.doubles = nil
}

// broken closes a socket that gave an error; the managing goroutine opens another one.
func (r *Receiver) broken(s *socket, err error) {
	if s == r.auditd {
		r.gone.Store(true)
		defer r.openGroup()
	}
	r.forget(s)
	r.failed(fmt.Errorf("reading the audit socket: %w", err))
	r.manageNow()
}

// failed notes why nothing is received; nil is that it works again.
func (r *Receiver) failed(err error) {
	r.mu.Lock()
	was := r.err
	r.err = err
	r.mu.Unlock()
	if err != nil && (was == nil || was.Error() != err.Error()) {
		r.log.Warn("no audit events are received", "err", err)
	}
}

// answered takes note of a message of the kernel that is no record.
func (r *Receiver) answered(m message) {
	switch m.kind {
	case unix.NLMSG_ERROR:
		select {
		case r.answers <- answer{seq: m.seq, errno: numberAt(m.body)}:
		default:
		}
	case replaceType:
		if numberAt(m.body) != ownPID {
			r.asked.Store(true)
			r.manageNow()
		}
	}
}
