package kerneltest

import (
	"fmt"
	"os"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// Main runs the tests of a program that uses kernel.Apply, and returns the exit status. Apply starts the running program again, which is the
// test program then: Main lets it be that child.
func Main(m *testing.M) int {
	if len(os.Args) != 3 || os.Args[1] != kernel.ChangerCommand {
		return m.Run()
	}
	if err := kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
