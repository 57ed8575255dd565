//go:build linux

// Package rights gives up capabilities of the process.
//
// Numbers of capabilities come in, see capabilities(7). A program that needs a right for its first moment only has no reason to carry it on.
package rights

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// GiveUp removes capabilities from the effective, the permitted and the inheritable set of all threads. A process that may not gain privileges
// (no_new_privs) does not get them back. Programs that root starts later have what the bounding set allows.
func GiveUp(capabilities ...int) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return fmt.Errorf("reading the capabilities: %w", err)
	}
	for _, c := range capabilities {
		word, bit := &have[c/32], uint32(1)<<(c%32)
		word.Effective &^= bit
		word.Permitted &^= bit
		word.Inheritable &^= bit
	}
	//nolint:gosec // two structures of the kernel's, for as long as the call
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&have[0])), 0)
	if errno != 0 {
		return fmt.Errorf("giving up capabilities: %w", errno)
	}
	return nil
}

// Has says whether a capability is in the effective set.
func Has(capability int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	return unix.Capget(&header, &have[0]) == nil && have[capability/32].Effective&(1<<(capability%32)) != 0
}
