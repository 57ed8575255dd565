// Package converge makes the kernel of a node what the node should have, and proves it.
//
// A desired.State comes in; the audit system is observed, Determine says what is wrong and what to change, the changes are made, and the
// kernel is observed again: a v1alpha1.NodeAuditReport of what is there goes out. Rules are added before others are deleted, only the
// difference is applied, and what the kernel lists, byte for byte, is what counts.
//
// The package never touches a rule or a setting of others unless a policy asks for it. What it has put in is written to disk before, in a
// Ledger, so that a killed agent knows its own rules again. A locked kernel is never asked twice.
package converge
