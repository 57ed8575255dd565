// Package optimize makes a rule set cheaper for the kernel, which looks through its rules at every system call, without changing what is
// recorded or under which key.
//
// Rules in wire form and the machine's name come in, in the order of the kernel's list; fewer and cheaper rules come out, each with the rules
// whose work it does, and what was noticed on the way: rules that are there twice, and rules that can never be the first to match. Nothing is
// assumed that the rules do not say: two paths may be one file, and one system call may touch both. docs/optimiser.md says why each step is safe.
//
// The package never talks to a kernel and looks at no file.
package optimize
