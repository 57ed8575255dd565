// Nodeagent makes the kernel of one node record what the policies ask for, and carries the records to the sinks.
//
// Flags come in and become the options of package nodeagent: in a cluster the configuration is the node's ConfigMap and the report its
// NodeAuditStatus, alone on a host both are files and text. The exit status goes out.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == kernel.ChangerCommand {
		exit(kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(os.Stdout, os.Stderr).ExecuteContext(ctx)
	stop()
	exit(err)
}

// exit ends the program: 0 also where it was asked to stop.
func exit(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "nodeagent:", err)
	os.Exit(1)
}
