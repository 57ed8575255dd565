package boot

import (
	"strings"
	"testing"
	"time"
)

func TestTheBeginningOfABootIsFound(t *testing.T) {
	now := time.Unix(1700000100, 0)
	stat := func(ticks string) string { // the name of a program may have any sign
		return "1 (a) b (c) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 " + ticks + " 1 1\n"
	}
	files := map[string]string{
		"proc/cmdline": "audit=1\n", "proc/uptime": "100.00 90.00\n",
		"proc/1/stat": stat("10"), "proc/1/cgroup": "0::/init.scope\n",
		"proc/30/stat": stat("500"), "proc/30/cgroup": "0::/system.slice/ssh.service\n",
		"proc/20/stat": stat("300"), "proc/20/cgroup": "0::/system.slice/systemd-journald.service\n",
		"dev/kmsg": "6,1,900000,-;audit: initializing netlink subsys (enabled)\n",
		"var/log/audit/audit.log": "type=DAEMON_START msg=audit(1700000001.000:7): op=start\n" +
			"type=SERVICE_START msg=audit(1700000002.500:20): pid=1\n",
		"var/log/audit/audit.log.1": "type=SERVICE_STOP msg=audit(1699990000.000:9): pid=1\ntype=PROCTITLE msg=audit(1700000001.250:2): proctitle=1\n",
	}
	look := func(change map[string]string) Beginning {
		t.Helper()
		root := t.TempDir()
		for name, text := range files {
			if other, is := change[name]; is {
				text = other
			}
			put(t, root, name, text)
		}
		return LookAtBeginning(Below(root), now)
	}
	for name, test := range map[string]struct {
		change   map[string]string
		record   time.Time
		service  time.Time
		coverage Coverage
	}{
		"in the log that was rotated": {nil, time.Unix(1700000001, 250e6), time.Unix(1700000003, 0), FromTheStart},
		"in the ring buffer": {
			map[string]string{"dev/kmsg": "6,1,900000,-;audit: type=2000 audit(1700000000.700:1): state=initialized audit_enabled=1 res=1\n"},
			time.Unix(1700000000, 900e6), time.Unix(1700000003, 0), FromTheStart,
		},
		"a record of a kernel that does not audit is none": {
			map[string]string{"dev/kmsg": "6,1,900000,-;audit: type=2000 audit(1.7:1): state=initialized audit_enabled=0 res=1\n"},
			time.Unix(1700000001, 250e6), time.Unix(1700000003, 0), FromTheStart,
		},
		"too late":        {map[string]string{"var/log/audit/audit.log.1": ""}, time.Unix(1700000002, 500e6), time.Unix(1700000003, 0), FromTheStart},
		"after a service": {map[string]string{"var/log/audit/audit.log.1": "", "proc/20/stat": stat("200")}, time.Unix(1700000002, 500e6), time.Unix(1700000002, 0), TooLate},
		"no record":       {map[string]string{"var/log/audit/audit.log.1": "", "var/log/audit/audit.log": ""}, time.Time{}, time.Unix(1700000003, 0), NotKnown},
		"without audit=1": {map[string]string{"proc/cmdline": "quiet\n"}, time.Unix(1700000001, 250e6), time.Unix(1700000003, 0), TooLate},
		"no uptime":       {map[string]string{"proc/uptime": "?"}, time.Time{}, time.Time{}, NotKnown},
	} {
		got := look(test.change)
		if !got.FirstRecord.Equal(test.record) || !got.FirstService.Equal(test.service) || got.Coverage() != test.coverage {
			t.Errorf("%s: %+v, %s", name, got, got.Coverage())
		}
	}
}

func FuzzLinesOfTheBeginning(f *testing.F) {
	f.Add("6,1,900000,-;audit: type=2000 audit(1.7:1): state=initialized")
	f.Add("type=SERVICE_STOP msg=audit(1699990000.000:9): pid=1")
	f.Fuzz(func(_ *testing.T, text string) {
		printed(text)
		stamped(text)
		scanLog(strings.NewReader(text), time.Time{})
	})
}

// The kernel's own ring buffer has an end.
func TestTheRingBufferIsReadToItsEnd(t *testing.T) {
	ringBuffer(Below("/"), time.Now())
}
