package decode

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Address families, include/linux/socket.h. The numbers are the same on every architecture.
const (
	familyUnix    = 1
	familyInet    = 2
	familyInet6   = 10
	familyNetlink = 16
	familyPacket  = 17
	familyVsock   = 40
)

func readSocket(e *event.Event, text string) {
	for key, v := range fields(text) {
		if address, err := hex.DecodeString(v.raw); key == "saddr" && err == nil && len(address) >= 2 {
			e.Socket = socket(address)
		}
	}
}

// socket reads a struct sockaddr. The family is in the byte order of the machine, which is this one.
func socket(address []byte) *event.Socket {
	family := binary.NativeEndian.Uint16(address)
	rest := address[2:]
	switch {
	case family == familyUnix:
		return &event.Socket{Family: "unix", Path: unixPath(rest)}
	case family == familyInet && len(rest) >= 6:
		ip, _ := netip.AddrFromSlice(rest[2:6])
		return &event.Socket{Family: "inet", Address: ip.String(), Port: uint32(binary.BigEndian.Uint16(rest))}
	case family == familyInet6 && len(rest) >= 22:
		ip, _ := netip.AddrFromSlice(rest[6:22])
		return &event.Socket{Family: "inet6", Address: ip.String(), Port: uint32(binary.BigEndian.Uint16(rest))}
	case family == familyVsock && len(rest) >= 10:
		cid := binary.NativeEndian.Uint32(rest[6:])
		return &event.Socket{Family: "vsock", Address: strconv.FormatUint(uint64(cid), 10), Port: binary.NativeEndian.Uint32(rest[2:])}
	case family == familyNetlink:
		return &event.Socket{Family: "netlink"}
	case family == familyPacket:
		return &event.Socket{Family: "packet"}
	default:
		return &event.Socket{Family: strconv.Itoa(int(family))}
	}
}

// unixPath ends at the first zero byte; one that begins with it is abstract and goes to its end.
func unixPath(raw []byte) string {
	if len(raw) > 0 && raw[0] == 0 {
		return "@" + strings.TrimRight(string(raw[1:]), "\x00")
	}
	name, _, _ := strings.Cut(string(raw), "\x00")
	return name
}
