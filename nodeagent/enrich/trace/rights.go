//go:build linux

package trace

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrRightsNeeded says that this kernel asks for the right to load programs also from who only looks into their tables.
var ErrRightsNeeded = errors.New("before Linux 6.0 the kernel asks for them with every look into a table")

// DropRights gives up CAP_BPF and CAP_PERFMON for good, in all threads: what Open has loaded goes on without them, and a Tracer answers without
// them. Where other rights include these two, they are kept: a process with CAP_SYS_ADMIN has nothing to give up.
func DropRights() error {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	if major := majorOf(unix.ByteSliceToString(name.Release[:])); major < 6 {
		return ErrRightsNeeded
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return fmt.Errorf("reading the capabilities: %w", err)
	}
	if have[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0 {
		return errors.New("CAP_SYS_ADMIN includes them")
	}
	const tracing = 1<<(unix.CAP_BPF-32) | 1<<(unix.CAP_PERFMON-32)
	have[1].Effective &^= tracing
	have[1].Permitted &^= tracing
	have[1].Inheritable &^= tracing
	//nolint:gosec // two structures of the kernel's, for as long as the call
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&have[0])), 0)
	if errno != 0 {
		return fmt.Errorf("giving up capabilities: %w", errno)
	}
	return nil
}

// majorOf reads the first number of a kernel's release, 0 if there is none.
func majorOf(release string) int {
	major := 0
	for _, c := range release {
		if c < '0' || c > '9' || major > 1000 {
			break
		}
		major = 10*major + int(c-'0')
	}
	return major
}
