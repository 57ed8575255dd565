// Package ruletest helps to test what changes rules: a model of how the kernel decides about a system call, events near the borders of the rules
// of a set, and random rule sets.
//
// The model is a second reading of kernel/auditsc.c and knows nothing of the program's own: it has its own lists of calls and of fields, so that
// it does not share a mistake. It decides about the exit list only, with the files that the call touches. Nothing here talks to a kernel.
package ruletest
