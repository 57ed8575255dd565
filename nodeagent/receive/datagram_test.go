package receive

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func datagram(kind uint16, data string) []byte {
	message := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(data))
	binary.NativeEndian.PutUint32(message, uint32(len(data)))
	binary.NativeEndian.PutUint16(message[4:], kind)
	return append(message, data...)
}

func TestParse(t *testing.T) {
	const text = "audit(1700000000.001:7): op=set"
	type result struct {
		Kind   uint16
		Text   string
		Record bool
	}
	tests := []struct {
		name   string
		in     []byte
		sender uint32
		want   result
		ok     bool
	}{
		{"a record of the kernel is taken", datagram(1305, text), 0, result{1305, text, true}, true},
		{"zero bytes at the end are no text", datagram(1112, text+"\x00\x00"), 0, result{1112, text, true}, true},
		{"bytes that are no text stay", datagram(1112, text+" \xff"), 0, result{1112, text + " \xff", true}, true},
		{"a message of another process is not taken", datagram(1305, text), 4711, result{}, false},
		{"an answer to a request is no record", datagram(1000, text), 0, result{1000, text, false}, true},
		{"the kernel's question for its auditd is no record", datagram(1329, "1234"), 0, result{1329, "1234", false}, true},
		{"a datagram without a whole header is nothing", datagram(1305, "")[:9], 0, result{}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, ok := parse(test.in, test.sender)
			got := result{m.kind, string(m.text()), ok && m.isRecord()}
			if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
				t.Errorf("parse = %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestSerialOf(t *testing.T) {
	for text, want := range map[string]uint32{
		"audit(1700000000.001:7): op=set":         7,
		"audit(1700000000.001:4294967295): ":      4294967295,
		"audit(1700000000.001:4294967296): ":      0,
		"audit(1700000000.001:":                   0,
		"audit(1700000000.001":                    0,
		"":                                        0,
		"type=SYSCALL msg=audit(1700000000.1:7):": 0,
	} {
		if got := serialOf([]byte(text)); got != want {
			t.Errorf("serialOf(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzSerialOf(f *testing.F) {
	f.Add([]byte("audit(1700000000.001:7): op=set"))
	f.Add(datagram(1305, "audit(99999999999999999999999999999999999999999999:9"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, ok := parse(text, 0)
		if ok && len(m.text()) > len(text) {
			t.Errorf("%q has a longer text %q", text, m.text())
		}
		_ = serialOf(text)
	})
}
