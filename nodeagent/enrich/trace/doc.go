// Package trace learns from the kernel itself where each process is, with five small eBPF programs on raw tracepoints.
//
// The programs note for every process, when it is made, runs a program, is moved and ends, in which control groups it is, who made it and
// when. What they note stays in the kernel, in a table that forgets the oldest: nothing is sent to user space, and nothing costs anything there
// until somebody asks. In comes a pid, out go times, parent, name and the paths of the groups, also of a process that lived for a millisecond
// in a group that is gone. The programs are written with the assembler of cilium/ebpf and fitted to the kernel by its BTF. The package
// never changes anything that it watches, and without the rights or the kernel that it needs Open says so.
package trace
