package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// onUserGroup is a Receiver on the family for messages between programs, which stands in for that of audit: nobody may flood this machine's
// audit system. Messages of the test count as the kernel's: its socket has the port 0 in their place.
func onUserGroup(t *testing.T, buffer int) (r *Receiver, send func(kind uint16, text string)) {
	t.Helper()
	receiver, sender := userSocket(t), userSocket(t)
	t.Cleanup(func() { _ = unix.Close(sender) })
	need(t, unix.SetsockoptInt(receiver, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer))
	need(t, unix.Bind(receiver, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readLogGroup}))
	r, err := New(Options{})
	need(t, err)
	r.forget(r.group)
	s := &socket{fd: receiver}
	if err := r.watch(s); err != nil {
		t.Fatal(err)
	}
	r.group, r.anySender = s, true
	return r, func(kind uint16, text string) {
		t.Helper()
		// Whoever sends to a group sends to port 0 too, where nobody is: ECONNREFUSED is as good as it gets.
		err := unix.Sendto(sender, datagram(kind, text), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readLogGroup})
		if !errors.Is(err, unix.ECONNREFUSED) {
			need(t, err)
		}
	}
}

// run runs the Receiver. stop ends it, and returns when it has ended.
func run(t *testing.T, r *Receiver) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// rest returns the batches that are left after the end.
func rest(r *Receiver) (records []event.Record, lost []Lost) {
	for b := range r.Batches() {
		records = append(records, slices.Clone(b.Records)...)
		lost = append(lost, slices.Clone(b.Lost)...)
		r.Done(b)
	}
	return records, lost
}

func text(serial int) string { return fmt.Sprintf("audit(1700000000.001:%d): op=set", serial) }

func TestKernelRecordsComeInOrderAndStayWhatTheyAre(t *testing.T) {
	r, send := onUserGroup(t, 1<<20)
	const many = 3 * slots
	var want []event.Record
	for i := range many {
		send(1305, text(i+1))
		want = append(want, event.Record{Type: 1305, Data: text(i + 1)})
	}
	send(1000, "an answer")
	stop := run(t, r)
	var got []event.Record
	for len(got) < many {
		b := <-r.Batches()
		got = append(got, b.Records...)
		if len(b.Records) > slots {
			t.Errorf("a batch of %d records", len(b.Records))
		}
		r.Done(b) // the batch and the ring are used again: texts must stay
	}
	stop()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if records, lost := rest(r); len(records) > 0 || len(lost) > 0 || r.queued.Load() != 0 {
		t.Errorf("afterwards %v came, %v was lost, %d bytes are queued", records, lost, r.queued.Load())
	}
}

func TestKernelAFullSocketIsCountedAndSaidWithItsSerials(t *testing.T) {
	r, send := onUserGroup(t, 0)
	stop := run(t, r)
	send(1305, text(1))
	r.Done(<-r.Batches())
	r.do(func() { // the reader is busy meanwhile
		for i := range 1 << 12 {
			send(1305, text(i+2))
		}
	})
	for r.State().Overruns == 0 {
		time.Sleep(time.Millisecond)
	}
	send(1305, text(10000))
	r.do(func() {})
	stop()
	_, lost := rest(r)
	var found Lost
	for _, l := range lost {
		if l.Where == event.LossSocket {
			found = l
		}
	}
	if found.Count < 1 || found.Before == 0 || found.After <= found.Before || r.State().Overruns < 1 {
		t.Errorf("lost %+v, overruns %d", lost, r.State().Overruns)
	}
}

// Nobody takes the batches: the reader goes on reading, drops and counts, and says what it dropped with the first batch that has room again.
func TestKernelTheReaderNeverWaitsForItsUser(t *testing.T) {
	r, send := onUserGroup(t, 1<<20)
	r.queued.Store(maxQueued)
	stop := run(t, r)
	const dropped = 50
	for i := range dropped {
		send(1300, text(i+1))
		send(1320, text(i+1))
	}
	for r.State().Dropped < dropped {
		time.Sleep(time.Millisecond)
	}
	r.queued.Store(0)
	send(1305, text(dropped+1))
	b := <-r.Batches()
	want := []Lost{{Where: event.LossQueue, Count: dropped, After: dropped + 1}}
	if diff := cmp.Diff(want, b.Lost); diff != "" || len(b.Records) != 1 {
		t.Errorf("with %d records was said (-want +got):\n%s", len(b.Records), diff)
	}
	r.Done(b)
	stop()
}

func TestKernelOffClosesTheSocket(t *testing.T) {
	r, send := onUserGroup(t, 1<<20)
	r.Collect(Off)
	run(t, r)
	for open := true; open; time.Sleep(time.Millisecond) {
		r.do(func() { open = r.group != nil })
	}
	send(1305, text(1))
	if state := r.State(); state.Err != nil || len(r.Batches()) > 0 {
		t.Errorf("off: %+v, %d batches", state, len(r.Batches()))
	}
	r.Collect(Multicast)
	for open := false; !open; time.Sleep(time.Millisecond) {
		r.do(func() { open = r.group != nil })
	}
}
