// Package index tells which parts of a file of events can hold what somebody searches for, so that the others need not be read.
//
// Lines of the native form come in, as event.AppendLine makes them; of each block of lines an Index keeps the span of its times and serials and
// the values of a few fields. An index is a promise about one state of one file, named by size and time of change, and is only ever a reason to
// leave a block out: what a block holds is read from the file. A block with a line that is not understood may hold anything. The package opens no
// files.
package index
