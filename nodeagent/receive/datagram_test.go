package receive

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func datagram(kind uint16, data string) []byte {
	message := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(data))
	binary.NativeEndian.PutUint32(message, uint32(len(data)))
	binary.NativeEndian.PutUint16(message[4:], kind)
	return append(message, data...)
}

func TestDecode(t *testing.T) {
	kernel := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	const text = "audit(1700000000.001:7): op=set"
	tests := []struct {
		name   string
		in     []byte
		sender unix.Sockaddr
		want   event.Record
		ok     bool
	}{
		{"a record of the kernel is taken", datagram(1305, text), kernel, event.Record{Type: 1305, Data: text}, true},
		{"zero bytes at the end are no text", datagram(1112, text+"\x00\x00"), kernel, event.Record{Type: 1112, Data: text}, true},
		{"bytes that are no text stay", datagram(1112, text+" \xff"), kernel, event.Record{Type: 1112, Data: text + " \xff"}, true},
		{"a message of another process is not taken", datagram(1305, text), &unix.SockaddrNetlink{Pid: 4711}, event.Record{}, false},
		{"an answer to a request is no record", datagram(1000, text), kernel, event.Record{}, false},
		{"a datagram without a whole header is no record", datagram(1305, "")[:9], kernel, event.Record{}, false},
		{"a datagram without a sender is no record", datagram(1305, text), nil, event.Record{}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := decode(test.in, test.sender)
			if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
				t.Errorf("decode = %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestARecordDoesNotAliasTheBuffer(t *testing.T) {
	buffer := datagram(1305, "audit(1700000000.001:7): op=set")
	record, _ := decode(buffer, &unix.SockaddrNetlink{})
	clear(buffer)
	if want := "audit(1700000000.001:7): op=set"; record.Data != want {
		t.Errorf("after the buffer was used again: %q, want %q", record.Data, want)
	}
}
