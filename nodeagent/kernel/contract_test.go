package kernel_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// TestMain lets Apply start this test program as its child.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == kernel.ChangerCommand {
		if err := kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestKernelKeepsTheContract(t *testing.T) {
	kerneltest.Contract(t, func(t *testing.T) kerneltest.Control { return kerneltest.Lock(t) })
}
