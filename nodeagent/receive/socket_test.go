package receive

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// past is a deadline that is over: Receive does not wait.
var past = time.Unix(1, 0)

// need ends the test where this machine lacks what it needs; it fails where the machine must have it.
func need(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv(kerneltest.RequireEnv) == "1":
		t.Fatal(err)
	case errors.Is(err, unix.EPERM), errors.Is(err, ErrNotPermitted), errors.Is(err, ErrUnsupported), errors.Is(err, ErrNamespace):
		t.Skipf("needs root with CAP_AUDIT_READ and CAP_NET_ADMIN in the host's namespaces: %v", err)
	default:
		t.Fatal(err)
	}
}

func open(t *testing.T) *Socket {
	t.Helper()
	s, err := Open()
	need(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestKernelCloseWakesReceive(t *testing.T) {
	s := open(t)
	ended := make(chan error)
	go func() {
		for {
			if _, err := s.Receive(time.Time{}); err != nil {
				ended <- err
				return
			}
		}
	}()
	for !waiting() {
		runtime.Gosched()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Receive = %v, want os.ErrClosed", err)
	}
	for _, deadline := range []time.Time{{}, past} {
		if _, err := s.Receive(deadline); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Receive after Close = %v, want os.ErrClosed", err)
		}
	}
}

// waiting says whether a goroutine waits in the runtime's poller.
func waiting() bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("[IO wait"))
}

func TestKernelReceiveHeedsItsDeadline(t *testing.T) {
	s := open(t)
	for range 2 { // the socket is as good as before
		if _, err := s.Receive(past); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Receive = %v, want os.ErrDeadlineExceeded", err)
		}
	}
}

// The family for messages between programs stands in for that of audit: nobody may flood this machine's audit system.
func TestKernelFullSocketIsCounted(t *testing.T) {
	receiver, sender := userSocket(t), userSocket(t)
	need(t, unix.Bind(receiver, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readLogGroup}))
	s, err := newSocket(receiver)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	message := datagram(1305, "audit(1700000000.001:7): op=set")
	for times := range int64(3) {
		for range 1 << 12 {
			// Whoever sends to a group sends to port 0 too, where nobody is: ECONNREFUSED is as good as it gets.
			err := unix.Sendto(sender, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: readLogGroup})
			if !errors.Is(err, unix.ECONNREFUSED) {
				need(t, err)
			}
		}
		for tries := 0; tries < 100 && s.Overruns() == times; tries++ {
			if _, err := s.Receive(time.Now().Add(10 * time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("Receive = %v, want os.ErrDeadlineExceeded: none of these messages is the kernel's", err)
			}
		}
		if got := s.Overruns(); got != times+1 {
			t.Fatalf("Overruns = %d after the socket was full %d times", got, times+1)
		}
	}
}

// userSocket returns a socket with the smallest buffer.
func userSocket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_USERSOCK)
	need(t, err)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 0); err != nil {
		t.Fatal(err)
	}
	return fd
}
