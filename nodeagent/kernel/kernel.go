// Package kernel speaks the audit netlink protocol: settings and rules go to the kernel, its status and its own listing of rules come back.
//
// Rules are bytes, see api/rule. Every request waits for the kernel's acknowledgement and returns its error as one of the errors of this
// package. Rules with paths mean the root directory of the process that loads them, so Apply changes rules from within the host's root.
// The package never reads audit records, never decides what should be loaded, and knows nothing of Kubernetes.
package kernel

import "errors"

// Errors of the kernel's answers. They are wrapped with the request; compare with errors.Is.
var (
	// ErrExists says that the kernel has the rule already.
	ErrExists = errors.New("the kernel has this rule already")
	// ErrNotFound says that there is no such rule to delete, or no such path for a rule to watch.
	ErrNotFound = errors.New("no such rule or path")
	// ErrLocked says that the audit system is locked: enabled was read and is 2, and nothing can change until a reboot.
	ErrLocked = errors.New("the audit system is locked until the node reboots")
	// ErrNotPermitted says that the kernel refused for want of permission although it is not locked and the process is where it should
	// be: a security module, as a rule.
	ErrNotPermitted = errors.New("the kernel does not permit it")
	// ErrUnsupported says that the audit system cannot be used from here at all. Such an error is an *UnsupportedError.
	ErrUnsupported = errors.New("audit cannot be used")
)

// Values of Status.Enabled and Settings.Enabled.
const (
	// Off means that the kernel records nothing.
	Off = 0
	// On means that the kernel records.
	On = 1
	// Locked means on, and that nothing can change until a reboot.
	Locked = 2
)

// Status is struct audit_status of include/uapi/linux/audit.h.
type Status struct {
	// Enabled is Off, On or Locked.
	Enabled uint32
	// Failure is what the kernel does when it cannot record: 0 silent, 1 printk, 2 panic.
	Failure uint32
	// PID is the process that owns the unicast socket, 0 for none.
	PID uint32
	// RateLimit is in records a second; 0 is without limit.
	RateLimit uint32
	// BacklogLimit is the number of records that may wait; 0 is without limit.
	BacklogLimit uint32
	// Lost counts lost records since boot, or since somebody reset it.
	Lost uint32
	// Backlog is the number of records that wait.
	Backlog uint32
}

// Settings are values to set. A nil one stays as it is.
type Settings struct {
	// Enabled is Off, On or Locked. It is set after the others, because a lock shuts them out.
	Enabled *uint32
	// Failure is 0, 1 or 2.
	Failure *uint32
	// RateLimit is in records a second.
	RateLimit *uint32
	// BacklogLimit is in records.
	BacklogLimit *uint32
}
