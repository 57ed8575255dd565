package kernel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Cause says why audit cannot be used, in one CamelCase word. The words are those of the status of a node.
type Cause string

const (
	// NoKernelSupport means that the kernel was built without audit, or booted with audit=0.
	NoKernelSupport Cause = "NoKernelSupport"
	// NoCapability means that the process lacks CAP_AUDIT_CONTROL.
	NoCapability Cause = "NoCapability"
	// NotInitialPIDNamespace means that the process is in a pid namespace of its own, where the kernel answers no audit request.
	NotInitialPIDNamespace Cause = "NotInitialPIDNamespace"
	// NotInitialUserNamespace means the same of the user namespace.
	NotInitialUserNamespace Cause = "NotInitialUserNamespace"
)

// UnsupportedError says why the audit system cannot be used from this process, and what to do. It is ErrUnsupported.
type UnsupportedError struct {
	// Cause is the reason.
	Cause Cause
	// Err is the kernel's errno.
	Err error
}

// Error says why, and what to do about it.
func (e *UnsupportedError) Error() string { return advice[e.Cause] + " (" + e.Err.Error() + ")" }

// Unwrap returns the errno.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// Is says whether target is ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

var advice = map[Cause]string{
	NoKernelSupport: "the kernel has no audit system: remove audit=0 from its command line and reboot, or use a kernel with CONFIG_AUDIT",
	NoCapability:    "the agent lacks CAP_AUDIT_CONTROL: add the capability AUDIT_CONTROL to its container, or run it as root",
	NotInitialPIDNamespace: "the agent is not in the initial pid namespace, and the kernel answers audit requests in no other: " +
		"set hostPID: true in its pod",
	NotInitialUserNamespace: "the agent is not in the initial user namespace, and the kernel answers audit requests in no other: " +
		"set hostUsers: true in its pod",
}

// The initial namespaces have fixed inodes: include/uapi/linux/nsfs.h.
const (
	initialUserNamespace = "user:[4026531837]"
	initialPIDNamespace  = "pid:[4026531836]"
)

// unsupported finds out whether err means that audit cannot be used from here, and returns err otherwise.
func unsupported(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrUnsupported):
		return err
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EAFNOSUPPORT):
		return &UnsupportedError{NoKernelSupport, err}
	case errors.Is(err, unix.ECONNREFUSED):
		if elsewhere("user", initialUserNamespace) {
			return &UnsupportedError{NotInitialUserNamespace, err}
		}
		return &UnsupportedError{NoKernelSupport, err}
	case !errors.Is(err, unix.EPERM):
		return err
	case elsewhere("user", initialUserNamespace):
		return &UnsupportedError{NotInitialUserNamespace, err}
	case elsewhere("pid", initialPIDNamespace):
		return &UnsupportedError{NotInitialPIDNamespace, err}
	case !capable(unix.CAP_AUDIT_CONTROL):
		return &UnsupportedError{NoCapability, err}
	default:
		return err
	}
}

// elsewhere says whether the process is known to be in another namespace than the initial one.
func elsewhere(kind, initial string) bool {
	got, err := os.Readlink("/proc/self/ns/" + kind)
	return err == nil && got != initial
}

func capable(capability uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return true // not known: do not blame it
	}
	return sets[capability/32].Effective&(1<<(capability%32)) != 0
}
