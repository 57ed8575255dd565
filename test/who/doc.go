// Package who plays processes that live for less than two milliseconds in containers, and counts of how many the event road names the right
// one.
//
// Everything is real: the control groups, the processes, the kernel's audit records of them, and the stages of the event road that read those.
// Whoever plays holds the machine's audit system (kerneltest) and calls enrichtest.Main first in its main function.
package who
