package receive

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	// readLogGroup is the mask of the group AUDIT_NLGRP_READLOG, include/uapi/linux/audit.h.
	readLogGroup = 1
	// bufferSize holds the longest datagram: a record of user space has at most 8,970 bytes, one of the kernel is shorter.
	bufferSize = 1 << 16
	// socketBuffer is what the kernel may queue for the agent: at 2 KiB a record, a burst of some 8,000 records while it has no CPU.
	socketBuffer = 16 << 20
)

var (
	// ErrUnsupported says that the kernel has no audit system, or that audit=0 is on its command line.
	ErrUnsupported = errors.New("the kernel has no audit system, or audit=0 on its command line switched it off until the next boot")
	// ErrNotPermitted says that the process may not read audit records.
	ErrNotPermitted = errors.New("reading audit records needs CAP_AUDIT_READ in the initial user namespace")
	// ErrNamespace says that the process is not in the initial network namespace, the only one in which the kernel sends records.
	ErrNamespace = errors.New("audit records arrive only in the host's network namespace: run the agent with hostNetwork")
)

// Socket is a member of the multicast group. One goroutine receives; Close and Overruns may be called from others.
type Socket struct {
	file     *os.File
	conn     syscall.RawConn
	buffer   []byte
	deadline time.Time
	overruns atomic.Int64
	closed   atomic.Bool
}

// Open joins the group. The error is ErrUnsupported, ErrNotPermitted or ErrNamespace where one of these explains it.
func Open() (*Socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, fmt.Errorf("opening the audit socket: %w", explain(err))
	}
	enlarge(fd)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readLogGroup}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("joining the audit multicast group: %w", explain(err))
	}
	if err := checkNamespace(fd, "/proc/1/net/netlink"); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return newSocket(fd)
}

// newSocket takes over a netlink socket that does not block.
func newSocket(fd int) (*Socket, error) {
	file := os.NewFile(uintptr(fd), "audit multicast")
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("opening the audit socket: %w", err)
	}
	return &Socket{file: file, conn: conn, buffer: make([]byte, bufferSize)}, nil
}

// explain puts the reason before the kernel's word for it.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ECONNREFUSED):
		return fmt.Errorf("%w: %w", ErrNotPermitted, err)
	default:
		return err
	}
}

// enlarge asks for a large receive buffer. Only CAP_NET_ADMIN may exceed net.core.rmem_max; without it the kernel gives what that allows,
// which still works, so neither error matters.
func enlarge(fd int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
	}
}

// Receive returns the next record. It waits until there is one, until deadline (os.ErrDeadlineExceeded; the zero time is never) or until
// Close (os.ErrClosed). After any other error the socket is of no more use.
func (s *Socket) Receive(deadline time.Time) (event.Record, error) {
	if !deadline.Equal(s.deadline) {
		if err := s.file.SetReadDeadline(deadline); err != nil {
			return event.Record{}, fmt.Errorf("setting the deadline of the audit socket: %w", s.reason(err))
		}
		s.deadline = deadline
	}
	for {
		length, sender, err := s.read()
		if errors.Is(err, unix.ENOBUFS) {
			s.overruns.Add(1)
			continue
		}
		if err != nil {
			return event.Record{}, fmt.Errorf("reading the audit socket: %w", s.reason(err))
		}
		if record, ok := decode(s.buffer[:length], sender); ok {
			return record, nil
		}
	}
}

// reason is os.ErrClosed for every error after Close: what package os says of raw connections then has no name.
func (s *Socket) reason(err error) error {
	if s.closed.Load() {
		return os.ErrClosed
	}
	return err
}

// read reads one datagram into the buffer.
func (s *Socket) read() (length int, sender unix.Sockaddr, err error) {
	waitErr := s.conn.Read(func(fd uintptr) bool {
		for {
			length, sender, err = unix.Recvfrom(int(fd), s.buffer, unix.MSG_DONTWAIT)
			if !errors.Is(err, unix.EINTR) {
				return !errors.Is(err, unix.EAGAIN)
			}
		}
	})
	if waitErr != nil {
		return 0, nil, waitErr
	}
	return length, sender, err
}

// Overruns returns how often the kernel found the socket full: the loss called socket.
func (s *Socket) Overruns() int64 {
	return s.overruns.Load()
}

// Close leaves the group and wakes Receive.
func (s *Socket) Close() error {
	s.closed.Store(true)
	return s.file.Close()
}
