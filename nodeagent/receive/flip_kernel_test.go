package receive_test

import (
	"os"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// The place is taken and given back in quick succession and slowly, while something happens all the time. Pauses are shorter and longer than
// those of the Receiver itself.
func TestKernelThePlaceIsTakenAndGivenBackWithoutADouble(t *testing.T) {
	w := begin(t)
	stop := w.run()
	for _, pause := range []time.Duration{0, time.Millisecond, 0, 1200 * time.Millisecond, 10 * time.Millisecond, 3500 * time.Millisecond, 0} {
		w.receiver.Collect(receive.Unicast)
		w.wait("the place is taken", func() bool { return w.auditd() == os.Getpid() && w.receiver.State().Unicast })
		time.Sleep(pause)
		w.receiver.Collect(receive.Multicast)
		w.wait("the place is given back", func() bool { return w.auditd() == 0 && !w.receiver.State().Unicast })
		time.Sleep(pause)
	}
	w.flow()
	stop()
	w.check()
}

// The kernel keeps what finds its auditd's socket full, and sends it when there is room: a hole that is told of would be none.
func TestKernelTheSocketOfTheAuditDaemonRunsFullWithoutAHole(t *testing.T) {
	w := begin(t)
	stop := w.run()
	w.receiver.Collect(receive.Unicast)
	w.wait("the place is taken", func() bool { return w.auditd() == os.Getpid() && w.receiver.State().Unicast })
	time.Sleep(1500 * time.Millisecond) // until it reads that socket alone
	w.receiver.Stall(300 * time.Millisecond)
	w.flow()
	w.wait("the place is taken", func() bool { return w.auditd() == os.Getpid() && w.receiver.State().Unicast })
	w.flow()
	stop()
	w.check()
}
