// Controller turns AuditPolicy and AuditSink objects into a configuration for each node, and the reports of the nodes into the status of the
// policies.
//
// Flags come in and become the options of package controllers, or of package uninstall for `controller uninstall`; the exit status goes out.
// It decides nothing itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(os.Stderr).ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(1)
	}
}
