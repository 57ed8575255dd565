package receive

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// slots is how many datagrams one call reads at most.
	slots = 128
	// slotSize holds the longest datagram: a record of user space has at most 8,970 bytes, one of the kernel is shorter.
	slotSize = 9 << 10
)

// ring is the memory that datagrams are read into. Only what is touched of it is resident: half a page to one page a slot as a rule.
type ring struct {
	memory  []byte
	vectors [slots]unix.Iovec
	senders [slots]unix.RawSockaddrNetlink
	headers [slots]header
}

// header is struct mmsghdr.
type header struct {
	unix.Msghdr
	length uint32
}

func newRing() *ring {
	r := &ring{memory: make([]byte, slots*slotSize)}
	for i := range r.headers {
		r.vectors[i].Base = &r.memory[i*slotSize]
		r.vectors[i].SetLen(slotSize)
		h := &r.headers[i]
		h.Iov, h.Name = &r.vectors[i], (*byte)(unsafe.Pointer(&r.senders[i])) //nolint:gosec // the kernel writes an address there
		h.SetIovlen(1)
	}
	return r
}

// read reads what is there, at most a ring full, and never waits. The error is EAGAIN where nothing is there.
func (r *ring) read(fd int) (int, error) {
	for i := range r.headers {
		r.headers[i].Namelen = unix.SizeofSockaddrNetlink
	}
	for {
		n, errno := readDatagrams(fd, &r.headers)
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// at returns datagram i of the last read, valid until the next, and the port that sent it.
func (r *ring) at(i int) (datagram []byte, sender uint32) {
	start := i * slotSize
	sender = ^uint32(0)
	if r.headers[i].Namelen >= unix.SizeofSockaddrNetlink {
		sender = r.senders[i].Pid
	}
	return r.memory[start : start+min(int(r.headers[i].length), slotSize)], sender
}
