// Earlyrules loads the audit rules that nodeaudit has staged for this boot, before the first ordinary service, and locks the audit system where
// they say so.
//
// A file of rules comes in, in the language of auditctl, and goes into the kernel. It ends with 0 where everything is in. What the kernel does
// not take is told on the standard error, which is the journal, and does not keep the rest out; a lock is put only on what is whole, but for
// rules whose path is not there. The agent, which comes later, puts right what is left.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: earlyrules FILE")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1]) //nolint:gosec // who starts it names the file
	if err == nil {
		err = load(context.Background(), kernel.Local{HostRoot: "/"}, host.New("/"), string(text), os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "earlyrules:", err)
		os.Exit(1)
	}
}
