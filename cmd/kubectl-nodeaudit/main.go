// Kubectl-nodeaudit is the command line tool `nodeaudit`, also `kubectl nodeaudit`: it checks audit rules and policies, and shows what a node
// would get.
//
// Files or standard input come in; findings, rules or bytes go out on standard output, words on standard error. Nothing but
// `rules` looks at the kernel, nothing but `rules load` changes anything, and nothing but `sink test` asks a cluster.
package main

import (
	"fmt"
	"os"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

func main() {
	// Rules of another root are loaded by a child that has entered it.
	if len(os.Args) == 3 && os.Args[1] == kernel.ChangerCommand {
		exit(kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout))
		return
	}
	exit(command(displayName(os.Args[0]), os.Stdin, os.Stdout, os.Stderr).Execute())
}

// exit ends the program where something went wrong.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "nodeaudit:", err)
		os.Exit(1)
	}
}
