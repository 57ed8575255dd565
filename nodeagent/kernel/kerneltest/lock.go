package kerneltest

import (
	"errors"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// lockFile is the same for every test on the machine, whatever program it is in.
const lockFile = "/run/lock/nodeaudit-kernel-test.lock"

// RequireEnv is the variable that, set to 1, makes a test fail instead of skip where this machine's kernel cannot be used.
const RequireEnv = "NODEAUDIT_REQUIRE_KERNEL"

// Lock takes this machine's audit system for the test, waiting for other tests that have it, and puts rules and settings back as they were
// when the test ends, also when it fails. It returns a client. Where the audit system cannot be used it skips the test and says what the
// test needs. Call it once in a test, and not in a subtest of one that has it.
func Lock(t *testing.T) *kernel.Client {
	t.Helper()
	client, before := usable(t)
	file, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatalf("opening the lock of the kernel tests: %v", err)
	}
	t.Cleanup(func() { file.Close() })
	if err := flock(file); err != nil {
		t.Fatalf("locking %s: %v", lockFile, err)
	}
	// What was there before the wait is of no interest.
	if before, err = client.Status(); err != nil {
		t.Fatal(err)
	}
	rules, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { restore(t, client, before, rules) })
	return client
}

func flock(file *os.File) error {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func usable(t *testing.T) (*kernel.Client, kernel.Status) {
	t.Helper()
	miss := t.Skipf
	if os.Getenv(RequireEnv) == "1" {
		miss = t.Fatalf
	}
	if os.Geteuid() != 0 {
		miss("needs root")
	}
	client, err := kernel.Open()
	if err != nil {
		miss("needs CAP_AUDIT_CONTROL and a kernel with audit: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	status, err := client.Status()
	if err != nil {
		miss("needs CAP_AUDIT_CONTROL: %v", err)
	}
	if status.Enabled == kernel.Locked {
		miss("needs CAP_AUDIT_CONTROL over an audit system that is not locked: reboot to unlock it")
	}
	return client, status
}

// restore makes rules and settings what they were. Only where the order of the rules has changed does it load all of them again.
func restore(t *testing.T, client *kernel.Client, status kernel.Status, rules []rule.Wire) {
	t.Helper()
	now := list(t, client)
	for _, w := range now {
		if !slices.Contains(rules, w) {
			check(t, client.Delete(w))
		}
	}
	if now = list(t, client); !slices.Equal(now, rules) {
		for _, w := range now {
			check(t, client.Delete(w))
		}
		for _, w := range rules {
			check(t, client.Add(w))
		}
	}
	check(t, client.Set(kernel.Settings{
		Enabled: &status.Enabled, Failure: &status.Failure, RateLimit: &status.RateLimit, BacklogLimit: &status.BacklogLimit,
	}))
}

func list(t *testing.T, client *kernel.Client) []rule.Wire {
	t.Helper()
	rules, err := client.List()
	check(t, err)
	return rules
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("restoring the kernel's audit rules and settings: %v", err)
	}
}
