//go:build linux

package rights_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/rights"
)

// The rights are the process's: another one gives them up, with those that the chart gives to the agent.
func TestRightsThatAreGivenUpDoNotComeBack(t *testing.T) {
	if os.Getenv("RIGHTS_CHILD") != "" {
		child(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	command := exec.CommandContext(t.Context(), "setpriv", "--bounding-set=-all,+audit_control,+audit_read,+net_admin,+bpf", "--inh-caps=-all", "--no-new-privs",
		os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), "RIGHTS_CHILD=1")
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v: %s", err, out)
	}
}

func child(t *testing.T) {
	if err := enlarge(); err != nil || !rights.Has(unix.CAP_NET_ADMIN) {
		t.Fatalf("before: %v", err)
	}
	if err := rights.GiveUp(unix.CAP_NET_ADMIN, unix.CAP_BPF); err != nil {
		t.Fatal(err)
	}
	others := make(chan error)
	go func() { others <- enlarge() }() // perhaps in another thread
	for _, err := range []error{enlarge(), <-others} {
		if !errors.Is(err, unix.EPERM) {
			t.Errorf("afterwards: %v", err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"CapInh:\t0000000000000000\n", "CapPrm:\t0000002040000000\n", "CapEff:\t0000002040000000\n"} { // AUDIT_CONTROL 30, AUDIT_READ 37
		if !strings.Contains(string(status), set) {
			t.Errorf("want %q in\n%s", set, status)
		}
	}
}

// enlarge does what only CAP_NET_ADMIN may.
func enlarge() error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20)
}
