// Kubectl-nodeaudit is the command line tool `nodeaudit`, also `kubectl nodeaudit`: it checks audit rules and policies, and shows what a node
// would get.
//
// Files or standard input come in; findings, rules or bytes go out on standard output, words on standard error. It changes nothing and asks
// no cluster.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := command(displayName(os.Args[0]), os.Stdin, os.Stdout, os.Stderr).Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "nodeaudit:", err)
		os.Exit(1)
	}
}
