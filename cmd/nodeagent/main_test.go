package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// TestMain lets the agent start this test program as the child that enters the host's root.
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
