package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds the wait for one answer. The kernel works on one audit request at a time, and each deletion of a rule by anybody takes it
// about 13 ms, more on a busy machine.
const patience = 30 * time.Second

// largest is more than the largest rule: 1040 bytes of numbers and a few strings, of which the kernel takes paths up to 4096 bytes.
const largest = 32 << 10

// receiveBuffer holds a listing of some thousand rules.
const receiveBuffer = 4 << 20

// socket is a netlink socket on which one request at a time waits for its answers.
type socket struct {
	fd         int
	sequence   uint32
	buffer     []byte
	overflowed bool
}

func dial() (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, fmt.Errorf("opening an audit netlink socket: %w", err)
	}
	// As much as net.core.rmem_max allows; a refusal only means a smaller buffer.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	timeout := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}),
	)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("setting up an audit netlink socket: %w", err)
	}
	return &socket{fd: fd, buffer: make([]byte, largest)}, nil
}

func (s *socket) close() error { return unix.Close(s.fd) }

// renew takes a new socket for one that has overflowed: until its queue was empty once, it says nothing of what it drops.
func (s *socket) renew() error {
	fresh, err := dial()
	if err != nil {
		return err
	}
	unix.Close(s.fd)
	s.fd, s.overflowed = fresh.fd, false
	return nil
}

// request sends one request and returns nil or the kernel's errno.
func (s *socket) request(kind uint16, payload []byte) error {
	return s.exchange(kind, payload, nil)
}

// exchange sends one request and reads until the kernel has acknowledged it and, where reply is given, until reply has said that it has had
// all answers. The acknowledgement and the answers come from different threads of the kernel, in either order. An answer is valid until
// reply returns.
func (s *socket) exchange(kind uint16, payload []byte, reply func(kind uint16, data []byte) (last bool)) error {
	if s.overflowed {
		if err := s.renew(); err != nil {
			return err
		}
	}
	s.sequence++
	if err := s.send(kind, payload); err != nil {
		return err
	}
	for acknowledged, complete := false, reply == nil; !acknowledged || !complete; {
		messages, err := s.receive()
		if err != nil {
			return err
		}
		for len(messages) > 0 {
			header, data, rest, err := cut(messages)
			if err != nil {
				return err
			}
			messages = rest
			switch {
			case header.Seq != s.sequence: // the late answer to a request that was given up
			case header.Type == unix.NLMSG_ERROR:
				if err := errno(data); err != nil {
					return err
				}
				acknowledged = true
			case reply != nil && !complete:
				complete = reply(header.Type, data)
			}
		}
	}
	return nil
}

func (s *socket) send(kind uint16, payload []byte) error {
	message := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(payload))
	binary.NativeEndian.PutUint32(message, uint32(unix.NLMSG_HDRLEN+len(payload)))
	binary.NativeEndian.PutUint16(message[4:], kind)
	binary.NativeEndian.PutUint16(message[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	binary.NativeEndian.PutUint32(message[8:], s.sequence)
	message = append(message, payload...)
	for {
		err := unix.Sendto(s.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// receive reads one datagram of the kernel's, which may hold several messages.
func (s *socket) receive() ([]byte, error) {
	for {
		n, from, err := unix.Recvfrom(s.fd, s.buffer, unix.MSG_TRUNC)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return nil, fmt.Errorf("no answer within %s: %w", patience, unix.ETIMEDOUT)
		case err != nil:
			s.overflowed = errors.Is(err, unix.ENOBUFS)
			return nil, err
		case n > len(s.buffer):
			return nil, fmt.Errorf("an answer of %d bytes: %w", n, unix.EMSGSIZE)
		}
		// Any process can send to our address; only the kernel has address 0.
		if sender, ok := from.(*unix.SockaddrNetlink); ok && sender.Pid == 0 {
			return s.buffer[:n], nil
		}
	}
}

// cut takes the first message off a datagram.
func cut(messages []byte) (header unix.NlMsghdr, data, rest []byte, err error) {
	if len(messages) < unix.NLMSG_HDRLEN {
		return header, nil, nil, fmt.Errorf("an answer of %d bytes: %w", len(messages), unix.EBADMSG)
	}
	header = unix.NlMsghdr{
		Len:  binary.NativeEndian.Uint32(messages),
		Type: binary.NativeEndian.Uint16(messages[4:]),
		Seq:  binary.NativeEndian.Uint32(messages[8:]),
	}
	length := int(header.Len)
	if length < unix.NLMSG_HDRLEN || length > len(messages) {
		// Audit replies of old kernels give a length without the header.
		length = len(messages)
	}
	aligned := min((length+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1), len(messages))
	return header, messages[unix.NLMSG_HDRLEN:length], messages[aligned:], nil
}

func errno(data []byte) error {
	if len(data) < 4 {
		return fmt.Errorf("an acknowledgement of %d bytes: %w", len(data), unix.EBADMSG)
	}
	if code := int32(binary.NativeEndian.Uint32(data)); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
