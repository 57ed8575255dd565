// Package reboot tells that a node needs a reboot, and keeps a record of those that have happened.
//
// What the agent reports comes in. A file that others act upon goes out, and the report on the latest reboot: whether somebody had asked for it,
// and whether it has taken a lock off. The package reboots nothing.
package reboot
