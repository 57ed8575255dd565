package receive

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// readLogGroup is the mask of the group AUDIT_NLGRP_READLOG, and readLog its number: include/uapi/linux/audit.h.
const (
	readLogGroup = 1
	readLog      = 1
)

// socketBuffer is what is asked for; the kernel gives twice as much and takes some 2.3 KiB for a record, so that 29,000 of them can wait while the
// agent has no CPU.
const socketBuffer = 32 << 20

var (
	// ErrUnsupported says that the kernel has no audit system, or that audit=0 is on its command line.
	ErrUnsupported = errors.New("the kernel has no audit system, or audit=0 on its command line switched it off until the next boot")
	// ErrNotPermitted says that the process may not read audit records.
	ErrNotPermitted = errors.New("reading audit records needs CAP_AUDIT_READ in the initial user namespace")
	// ErrNamespace says that the process is not in the initial network namespace, the only one in which the kernel sends records.
	ErrNamespace = errors.New("audit records arrive only in the host's network namespace: run the agent with hostNetwork")
)

// socket is a netlink socket that does not block.
type socket struct {
	fd     int
	buffer int // bytes that the kernel may queue
}

// openSocket opens a socket; a member of the multicast group if group is readLogGroup.
func openSocket(group uint32) (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, fmt.Errorf("opening the audit socket: %w", explain(err))
	}
	s := &socket{fd: fd, buffer: enlarge(fd)}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: group}); err != nil {
		s.close()
		return nil, fmt.Errorf("joining the audit multicast group: %w", explain(err))
	}
	if err := checkNamespace(fd, "/proc/1/net/netlink"); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
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

// enlarge asks for a large receive buffer and returns what it got. Only CAP_NET_ADMIN may exceed net.core.rmem_max; without it the kernel
// gives what that allows, which still works, so neither error matters.
func enlarge(fd int) int {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
	}
	size, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return size
}

// join and leave are about the multicast group. What was queued before leaving can still be read.
func (s *socket) join() error {
	return unix.SetsockoptInt(s.fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, readLog)
}

func (s *socket) leave() error {
	return unix.SetsockoptInt(s.fd, unix.SOL_NETLINK, unix.NETLINK_DROP_MEMBERSHIP, readLog)
}

// setAuditd asks the kernel to take this socket as that of its auditd, for the process pid, or with 0 to have none. The answer comes among
// the records, with the number seq.
func (s *socket) setAuditd(pid, seq uint32) error {
	const (
		maskPID    = 4  // AUDIT_STATUS_PID
		statusSize = 32 // struct audit_status up to backlog
	)
	request := make([]byte, unix.NLMSG_HDRLEN+statusSize)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], unix.AUDIT_SET)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	binary.NativeEndian.PutUint32(request[8:], seq)
	status := request[unix.NLMSG_HDRLEN:]
	binary.NativeEndian.PutUint32(status, maskPID)
	binary.NativeEndian.PutUint32(status[3*4:], pid)
	return unix.Sendto(s.fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

func (s *socket) close() { _ = unix.Close(s.fd) }
