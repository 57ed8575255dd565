package receive

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// firstRecordType is where records begin; below are answers to requests and netlink's own messages.
const firstRecordType = 1005

// replaceType is no record: with it the kernel asks its auditd whether it is still there, because another one wants to take its place.
const replaceType = 1329

// message is a datagram of the kernel.
type message struct {
	kind uint16
	seq  uint32
	body []byte // in the read buffer
}

// parse reads a datagram. Whoever is root may send to the group too: only port 0, the kernel, counts. The length in the header is not looked
// at, because older kernels leave the header's own size out of it; a datagram has always one record.
func parse(datagram []byte, sender uint32) (message, bool) {
	if sender != 0 || len(datagram) < unix.SizeofNlMsghdr {
		return message{}, false
	}
	return message{
		kind: binary.NativeEndian.Uint16(datagram[4:]),
		seq:  binary.NativeEndian.Uint32(datagram[8:]),
		body: datagram[unix.SizeofNlMsghdr:],
	}, true
}

// isRecord says whether it is a record, and no answer or question to this process.
func (m message) isRecord() bool { return m.kind >= firstRecordType && m.kind != replaceType }

// text is the record's text: zero bytes at its end are none of it.
func (m message) text() []byte { return bytes.TrimRight(m.body, "\x00") }

// serialOf reads the serial out of `audit(1700000000.123:42): …`. It is 0 where there is none.
func serialOf(text []byte) uint32 {
	head := text[:min(len(text), len("audit(18446744073709551615.999:4294967295)"))]
	colon := bytes.IndexByte(head, ':')
	if colon < 0 || !bytes.HasPrefix(head, []byte("audit(")) {
		return 0
	}
	serial := uint64(0)
	for _, c := range head[colon+1:] {
		if c < '0' || c > '9' {
			break
		}
		serial = serial*10 + uint64(c-'0')
	}
	if serial > 1<<32-1 {
		return 0
	}
	return uint32(serial)
}
