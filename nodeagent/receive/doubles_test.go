package receive

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestDoublesPassOnce(t *testing.T) {
	auditd, group := &socket{}, &socket{buffer: 1}
	r := &Receiver{auditd: auditd, started: true, first: 10, highest: 20}
	type step struct {
		from   *socket
		serial int
		want   bool
	}
	judge := func(when string, steps ...step) {
		t.Helper()
		for i, s := range steps {
			if got := r.isNew(s.from, 1300, uint32(s.serial), []byte(text(s.serial))); got != s.want {
				t.Errorf("%s, step %d: serial %d is new: %v", when, i, s.serial, got)
			}
		}
	}
	r.begin(true)
	judge("before the first double",
		step{auditd, 5, true},   // the kernel kept it since before this process read
		step{auditd, 15, false}, // the kernel kept it, and the group had it before the switch
		step{group, 21, true},
		step{group, 22, true},
		step{group, 19, true}, // a call that took long
	)
	judge("while both are read",
		step{auditd, 22, false},
		step{auditd, 16, false}, // kept for longer than 22
		step{auditd, 19, false},
		step{auditd, 21, false},
		step{auditd, 23, true}, // the group's socket was full
	)
	r.leaveGroup(time.Now())
	judge("after the group was left",
		step{auditd, 24, true},
		step{auditd, 18, true}, // a call that took long
	)
	r.settle(time.Now().Add(2 * settled))
	if r.doubles != nil {
		t.Error("the switch does not end")
	}
}

// A process that gets no processor for long finds the same records in both sockets long after the switch.
func TestKernelDoublesAreKnownHoweverLateTheyAreRead(t *testing.T) {
	for _, test := range []struct {
		name string
		read func(r *Receiver)
	}{
		{"the group's socket first", func(r *Receiver) { r.drain() }},
		{"the auditd's socket first", func(r *Receiver) { r.empty(r.auditd); r.drain() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, send := onUserGroup(t, 1<<20)
			also := asAuditd(t, r)
			r.begin(true)
			r.doubles.until = time.Now().Add(-time.Hour)
			var want []event.Record
			for i := range 3 {
				send(1300, text(i+1))
				also(1300, text(i+1))
				want = append(want, event.Record{Type: 1300, Data: text(i + 1)})
			}
			also(1300, text(4))
			want = append(want, event.Record{Type: 1300, Data: text(4)})
			test.read(r)
			if r.doubles != nil {
				t.Error("the switch does not end")
			}
			r.end()
			got, _ := rest(r)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// asAuditd gives the Receiver a second socket, to which the test sends as the kernel does to its auditd.
func asAuditd(t *testing.T, r *Receiver) (send func(kind uint16, text string)) {
	t.Helper()
	receiver, sender := userSocket(t), userSocket(t)
	t.Cleanup(func() { _ = unix.Close(sender) })
	need(t, unix.Bind(receiver, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
	address, err := unix.Getsockname(receiver)
	need(t, err)
	r.auditd = &socket{fd: receiver}
	need(t, r.watch(r.auditd))
	return func(kind uint16, text string) {
		t.Helper()
		need(t, unix.Sendto(sender, datagram(kind, text), 0, address))
	}
}
