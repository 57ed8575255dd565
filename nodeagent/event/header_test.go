package event_test

import (
	"slices"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestParseHeader(t *testing.T) {
	tests := []struct {
		name, data string
		want       event.Header
		ok         bool
	}{
		{"as the kernel writes it", "audit(1700000000.123:42): a=b", event.Header{Milliseconds: 1700000000123, Serial: 42, Body: 25}, true},
		{"with the largest serial", "audit(0.000:4294967295):", event.Header{Serial: 1<<32 - 1, Body: 24}, true},
		{"behind spaces and without a colon", " audit(1.002:3)", event.Header{Milliseconds: 1002, Serial: 3, Body: 15}, true},
		{"in the last millisecond of the calendar", "audit(253402300799.999:1): ", event.Header{Milliseconds: 253402300799999, Serial: 1, Body: 26}, true},
		{"a year of five digits", "audit(253402300800.000:1): ", event.Header{}, false},
		{"a serial of 33 bits", "audit(1.002:4294967296): ", event.Header{}, false},
		{"a thousand milliseconds", "audit(1.1000:1): ", event.Header{}, false},
		{"a negative time", "audit(-1.000:1): ", event.Header{}, false},
		{"a number that no integer holds", "audit(99999999999999999999999.0:1):", event.Header{}, false},
		{"no serial", "audit(1.002:): ", event.Header{}, false},
		{"no fraction", "audit(1:2): ", event.Header{}, false},
		{"cut off", "audit(1.002:3", event.Header{}, false},
		{"nothing", "", event.Header{}, false},
		{"something else", "nonsense", event.Header{}, false},
	}
	var headers event.Headers
	for _, test := range slices.Concat(tests, tests) {
		t.Run(test.name, func(t *testing.T) {
			for range 2 {
				if got, ok := headers.Parse(test.data); got != test.want || ok != test.ok {
					t.Errorf("Headers.Parse(%q) = %+v, %v, want %+v, %v", test.data, got, ok, test.want, test.ok)
				}
			}
			if got, ok := event.ParseHeader(test.data); got != test.want || ok != test.ok {
				t.Errorf("ParseHeader(%q) = %+v, %v, want %+v, %v", test.data, got, ok, test.want, test.ok)
			}
		})
	}
}

func TestTypesHaveNamesAndNumbers(t *testing.T) {
	for number, name := range map[uint16]string{
		1005: "USER", 1112: "USER_LOGIN", 1130: "SERVICE_START", 1204: "DAEMON_RECONFIG", 1300: "SYSCALL", 1305: "CONFIG_CHANGE", 1320: "EOE",
		1326: "SECCOMP", 1331: "FANOTIFY", 1334: "BPF", 1336: "URINGOP", 1337: "OPENAT2", 1400: "AVC", 1423: "LANDLOCK_ACCESS",
		1425: "MAC_TASK_CONTEXTS", 1500: "APPARMOR", 1701: "ANOM_ABEND", 1800: "INTEGRITY_DATA", 2000: "KERNEL", 2404: "CRYPTO_KEY_USER",
		2500: "VIRT_CONTROL", 999: "UNKNOWN[999]", 0: "UNKNOWN[0]", 1999: "UNKNOWN[1999]", 65535: "UNKNOWN[65535]",
	} {
		if got := event.TypeName(number); got != name {
			t.Errorf("TypeName(%d) = %s, want %s", number, got, name)
		}
	}
	for number := range 1 << 16 {
		name := event.TypeName(uint16(number))
		if got, found := event.TypeNumber(name); !found || got != uint16(number) {
			t.Errorf("TypeNumber(%s) = %d, %v, want %d", name, got, found, number)
		}
	}
	for _, name := range []string{"", "NOBODY", "UNKNOWN[", "UNKNOWN[]", "UNKNOWN[65536]", "UNKNOWN[-1]"} {
		if got, found := event.TypeNumber(name); found {
			t.Errorf("TypeNumber(%q) = %d", name, got)
		}
	}
}
