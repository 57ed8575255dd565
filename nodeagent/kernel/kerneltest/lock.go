package kerneltest

import (
	"errors"
	"fmt"
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
	miss := t.Skipf
	if os.Getenv(RequireEnv) == "1" {
		miss = t.Fatalf
	}
	held, err := Hold()
	if errors.Is(err, errUnusable) {
		miss("%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := held.Release(); err != nil {
			t.Errorf("restoring the kernel's audit rules and settings: %v", err)
		}
	})
	return held.Client
}

// Held is this machine's audit system, taken with Hold.
type Held struct {
	// Client is valid until Release.
	Client *kernel.Client
	file   *os.File
	status kernel.Status
	rules  []rule.Wire
}

// errUnusable says that this process cannot use the audit system.
var errUnusable = errors.New("the test needs root with CAP_AUDIT_CONTROL, and an audit system that is not locked")

// Hold is Lock for programs that measure: it waits for the audit system of this machine and takes it until Release.
func Hold() (*Held, error) {
	client, err := usable()
	if err != nil {
		return nil, err
	}
	held := &Held{Client: client}
	if err := held.take(); err != nil {
		held.close()
		return nil, fmt.Errorf("taking the kernel for a test: %w", err)
	}
	return held, nil
}

// take waits for the lock before it looks: what was there before the wait is of no interest.
func (h *Held) take() (err error) {
	if h.file, err = os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err = flock(h.file); err != nil {
		return err
	}
	if h.status, err = h.Client.Status(); err != nil {
		return err
	}
	h.rules, err = h.Client.List()
	return err
}

func (h *Held) close() {
	_ = h.Client.Close()
	if h.file != nil {
		_ = h.file.Close()
	}
}

func flock(file *os.File) error {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func usable() (*kernel.Client, error) {
	if os.Geteuid() != 0 {
		return nil, errUnusable
	}
	client, err := kernel.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnusable, err)
	}
	status, err := client.Status()
	switch {
	case err != nil:
	case status.Enabled == kernel.Locked:
		err = kernel.ErrLocked
	default:
		return client, nil
	}
	_ = client.Close()
	return nil, fmt.Errorf("%w: %w", errUnusable, err)
}

// Release makes rules and settings what they were and gives the audit system back. Only where the order of the rules has changed does it load
// all of them again.
func (h *Held) Release() error {
	defer h.close()
	now, err := h.Client.List()
	if err != nil {
		return err
	}
	var failed []error
	for _, w := range now {
		if !slices.Contains(h.rules, w) {
			failed = append(failed, h.Client.Delete(w))
		}
	}
	if now, err = h.Client.List(); err == nil && !slices.Equal(now, h.rules) {
		for _, w := range now {
			failed = append(failed, h.Client.Delete(w))
		}
		for _, w := range h.rules {
			failed = append(failed, h.Client.Add(w))
		}
	}
	failed = append(failed, err, h.Client.Set(kernel.Settings{
		Enabled: &h.status.Enabled, Failure: &h.status.Failure, RateLimit: &h.status.RateLimit, BacklogLimit: &h.status.BacklogLimit,
	}))
	return errors.Join(failed...)
}
