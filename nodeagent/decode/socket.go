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
	familyUnix      = 1
	familyInet      = 2
	familyInet6     = 10
	familyNetlink   = 16
	familyPacket    = 17
	familyBluetooth = 31
	familyVsock     = 40
)

// readSocket reads the address of a SOCKADDR record.
func (d *Decoder) readSocket(s *scanner) {
	for s.next() {
		if s.key != "saddr" || s.enriched {
			continue
		}
		if address, err := hex.DecodeString(s.raw); err == nil && len(address) >= 2 {
			d.socket = socket(address, d.order())
			d.event.Socket = &d.socket
		}
	}
}

// order is the byte order of the machine that the record is from, as the system call's architecture tells.
func (d *Decoder) order() binary.ByteOrder {
	if d.architecture(d.call.arch).big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// socket reads a struct sockaddr.
func socket(address []byte, order binary.ByteOrder) event.Socket {
	family := order.Uint16(address)
	s := event.Socket{Family: strconv.Itoa(int(family))}
	if int(family) < len(familyNames) && familyNames[family] != "" {
		s.Family = familyNames[family]
	}
	rest := address[2:]
	switch {
	case family == familyUnix:
		s.Path = unixPath(rest)
	case family == familyInet && len(rest) >= 6:
		s.Address, s.Port = netip.AddrFrom4([4]byte(rest[2:6])).String(), uint32(binary.BigEndian.Uint16(rest))
	case family == familyInet6 && len(rest) >= 22:
		s.Address, s.Port = netip.AddrFrom16([16]byte(rest[6:22])).String(), uint32(binary.BigEndian.Uint16(rest))
		if len(rest) >= 26 {
			s.Interface = order.Uint32(rest[22:])
		}
	case family == familyNetlink && len(rest) >= 10:
		s.Port, s.Groups = order.Uint32(rest[2:]), order.Uint32(rest[6:])
	case family == familyPacket && len(rest) >= 10:
		s.Interface = order.Uint32(rest[2:])
		if protocol := binary.BigEndian.Uint16(rest); protocol != 0 {
			s.Protocol = "0x" + hex.EncodeToString(rest[:2])
		}
		s.Address = hardware(rest[10:min(len(rest), 10+int(rest[9]))])
	case family == familyVsock && len(rest) >= 10:
		s.Address, s.Port = strconv.FormatUint(uint64(order.Uint32(rest[6:])), 10), order.Uint32(rest[2:])
	default:
		bluetooth(&s, family, rest)
	}
	return s
}

// bluetooth reads the addresses of RFCOMM (10 bytes with padding) and L2CAP (14), which have the device with its last byte first. What is
// neither of these, nor of another family that is known, is kept in hexadecimal.
func bluetooth(s *event.Socket, family uint16, rest []byte) {
	var device []byte
	switch {
	case family == familyBluetooth && len(rest) == 8:
		device, s.Port = rest[:6], uint32(rest[6])
	case family == familyBluetooth && len(rest) == 12:
		device, s.Port = rest[2:8], uint32(binary.LittleEndian.Uint16(rest))
	default:
		s.Data = hex.EncodeToString(rest)
		return
	}
	s.Address = hardware([]byte{device[5], device[4], device[3], device[2], device[1], device[0]})
}

// hardware writes a hardware address as is usual.
func hardware(address []byte) string {
	var b strings.Builder
	for i, c := range address {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(hex.EncodeToString([]byte{c}))
	}
	return b.String()
}

// unixPath ends at the first zero byte; one that begins with it is abstract and goes to its end.
func unixPath(raw []byte) string {
	if len(raw) > 0 && raw[0] == 0 {
		return "@" + strings.TrimRight(string(raw[1:]), "\x00")
	}
	name, _, _ := strings.Cut(string(raw), "\x00")
	return name
}
