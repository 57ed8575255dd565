package receive

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Socket reads the multicast group record by record. It is for tests and measurements: a Receiver keeps reading while its user works.
type Socket struct {
	socket *socket
	poller *poller
	ring   *ring
	next   int
	count  int
	mu     sync.Mutex // guards the two
	closed bool
}

// Open joins the group. The error is ErrUnsupported, ErrNotPermitted or ErrNamespace where one of these explains it.
func Open() (*Socket, error) {
	s, err := openSocket(readLogGroup)
	if err != nil {
		return nil, err
	}
	p, err := newPoller()
	if err == nil {
		err = p.add(s.fd)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return &Socket{socket: s, poller: p, ring: newRing()}, nil
}

// Receive returns the next record. It waits until there is one, until deadline (os.ErrDeadlineExceeded; the zero time is never) or until
// Close (os.ErrClosed).
func (s *Socket) Receive(deadline time.Time) (event.Record, error) {
	for {
		for s.next < s.count {
			m, ok := parse(s.ring.at(s.next))
			s.next++
			if ok && m.isRecord() {
				return event.Record{Type: m.kind, Data: string(m.text())}, nil
			}
		}
		if err := s.fill(); err != nil {
			return event.Record{}, fmt.Errorf("reading the audit socket: %w", err)
		}
		if s.count > 0 {
			continue
		}
		if err := s.poller.file.SetReadDeadline(deadline); err != nil {
			return event.Record{}, os.ErrClosed
		}
		s.poller.wait()
		if !deadline.IsZero() && time.Now().After(deadline) {
			return event.Record{}, os.ErrDeadlineExceeded
		}
	}
}

// fill reads what is there, and arms the poller where there is nothing.
func (s *Socket) fill() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	s.next = 0
	s.count, err = s.ring.read(s.socket.fd)
	switch {
	case errors.Is(err, unix.EAGAIN):
		s.poller.arm(s.socket.fd)
		return nil
	case errors.Is(err, unix.ENOBUFS):
		return nil
	}
	return err
}

// Close leaves the group and wakes Receive.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	s.closed = true
	s.poller.close()
	s.socket.close()
	return nil
}
