package fluentd_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/fluentd"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// inOwnNetwork says that the test program runs in a network namespace in which only this test is.
const inOwnNetwork = "NODEAUDIT_TEST_IN_OWN_NETWORK"

// cuts are ways in which a network is cut. Each is mended by what it returns.
var cuts = map[string]func(t *testing.T) (mend func()){
	"the interface is down": func(t *testing.T) func() {
		loopback(t, 0)
		return func() { loopback(t, unix.IFF_UP) }
	},
	"packets vanish": func(t *testing.T) func() {
		nft(t, "table inet cut { chain arriving { type filter hook input priority 0; policy drop; }; }")
		return func() { nft(t, "delete table inet cut") }
	},
}

func nft(t *testing.T, rules string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "nft", rules).CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

// While the network is cut the connection stands and nothing arrives, and there is no way to a new one. Then all arrives.
func TestANetworkThatIsCutLosesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to make a network namespace")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("needs the programs of hack/peers.sh: nft")
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Getenv(inOwnNetwork) == "" {
				again(t)
				return
			}
			cutAndMend(t, cut)
		})
	}
}

// again runs this test alone, in a network namespace that ends with it.
func again(t *testing.T) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Split(t.Name(), "/")
	command := exec.CommandContext(t.Context(), program, "-test.run", "^"+strings.Join(names, "$/^")+"$", "-test.v", "-test.timeout", "5m")
	command.Env = append(os.Environ(), inOwnNetwork+"=1")
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET}
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("%v\n%s", err, out)
	}
}

func cutAndMend(t *testing.T, cut func(*testing.T) func()) {
	t.Helper()
	loopback(t, unix.IFF_UP)
	r := &receiver{}
	s := exporttest.New(t, open(fluentd.Options{Address: listen(t, r)}))
	events := sinktest.Events(30)
	exporttest.Write(t, s, events[:10])
	exporttest.Delivered(t, s)
	mend := cut(t)
	exporttest.Write(t, s, events[10:20])
	exporttest.Told(t, s, "127.0.0.1")
	exporttest.Write(t, s, events[20:])
	if got := s.Delivery(); got.Written != 10 || got.Queued != 20 {
		t.Errorf("while the network is cut: %+v", got)
	}
	mend()
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	slices.Sort(r.logs)
	if got := s.Delivery(); len(slices.Compact(r.logs)) != len(events) || got.Written != int64(len(events)) || got.Dropped != 0 {
		t.Errorf("%d arrived: %+v", len(r.logs), got)
	}
}

// loopback brings the only interface up or down.
func loopback(t *testing.T, flags uint16) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		t.Fatal(err)
	}
}
