// Package vm starts throw-away Debian nodes in virtual machines, for tests that lock the audit system, reboot, or change the kernel's command
// line: none of that may be done to the machine that runs the tests.
//
// A disk or a saved machine of `make vm-image` comes in, a Machine goes out: real firmware, real GRUB, a kernel of its own, systemd and auditd,
// in a qemu that emulates the processor and needs neither root nor KVM. Commands go through qemu's guest agent; the node has no network. Each
// machine works on an overlay of its own, nothing is written to what it came from, and its qemu dies with the process that started it.
package vm
