// Kernel prints what it takes to change and to list rules on this machine's kernel, as a table in Markdown: the client of nodeagent/kernel
// beside go-libaudit and, where it is given, auditctl.
//
// It takes the audit system as the tests do, loads rules of its own that hardly ever match, and puts everything back. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == kernel.ChangerCommand {
		exit(kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout))
	}
	auditctl := flag.String("auditctl", "", "the program auditctl, to compare listings with")
	rounds := flag.Int("rounds", 15, "how often each thing is done; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	exit(run(ctx, os.Stdout, *auditctl, *rounds))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure kernel:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context, out io.Writer, auditctl string, rounds int) (err error) {
	held, err := kerneltest.Hold()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	m := &measurement{client: held.Client, rounds: rounds}
	if err := m.changes(ctx, 500); err != nil {
		return err
	}
	if err := m.listings(ctx, 1000, auditctl); err != nil {
		return err
	}
	fmt.Fprintf(out, "| what | median | least | most |\n|---|---|---|---|\n")
	for _, r := range m.rows {
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", r.what, r.median, r.least, r.most)
	}
	return nil
}
