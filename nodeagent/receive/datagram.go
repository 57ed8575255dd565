package receive

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// firstRecordType is where records begin; below are answers to requests and netlink's own messages.
const firstRecordType = 1005

// decode makes a record of a datagram. Whoever is root may send to the group too: only port 0, the kernel, counts. The length in the
// header is not looked at, because older kernels leave the header's own size out of it; a datagram has always one record.
func decode(datagram []byte, sender unix.Sockaddr) (event.Record, bool) {
	from, ok := sender.(*unix.SockaddrNetlink)
	if !ok || from.Pid != 0 || len(datagram) < unix.SizeofNlMsghdr {
		return event.Record{}, false
	}
	kind := binary.NativeEndian.Uint16(datagram[4:])
	if kind < firstRecordType {
		return event.Record{}, false
	}
	data := strings.TrimRight(string(datagram[unix.SizeofNlMsghdr:]), "\x00")
	return event.Record{Type: kind, Data: data}, true
}
