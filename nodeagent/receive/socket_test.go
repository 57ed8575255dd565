package receive

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "[IO wait")
}

func TestKernelReceiveHeedsItsDeadline(t *testing.T) {
	s := open(t)
	for range 2 { // the socket is as good as before
		err := error(nil)
		for err == nil { // others may make records at this time
			_, err = s.Receive(past)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Receive = %v, want os.ErrDeadlineExceeded", err)
		}
	}
}

// userSocket returns a socket of the family for messages between programs.
func userSocket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_USERSOCK)
	need(t, err)
	return fd
}
