//go:build e2e && !vm

package e2e

// guestOnly keeps agents off the nodes that share this machine's kernel. Only the tests of a virtual machine ask for it.
const guestOnly = false
