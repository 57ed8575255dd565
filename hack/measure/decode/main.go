// Decode prints what it costs to decode an audit log, beside laurel, ausearch and go-libaudit on the same log.
//
// It takes a log, or captures one from this machine's kernel: then it needs root, takes the audit system as the tests do and puts it back. Each
// program reads the log and writes a file, several times in turn; the medians of user and system time count. Programs that are not there
// are left out and named.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// options are the flags.
type options struct {
	program, log    string
	keep            string
	records, runs   int
	grow            int
	captureDuration int
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == kernel.ChangerCommand:
		exit(kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout))
	case len(os.Args) == 3 && os.Args[1] == libauditCommand:
		exit(runLibaudit(os.Args[2], os.Stdout))
	}
	var o options
	flag.StringVar(&o.program, "nodeaudit", "bin/kubectl-nodeaudit", "the program to measure")
	flag.StringVar(&o.log, "log", "", "a log in auditd's form; without one a log is captured")
	flag.StringVar(&o.keep, "keep", "", "where to keep the log that is captured")
	flag.IntVar(&o.records, "records", 200000, "records to capture")
	flag.IntVar(&o.captureDuration, "seconds", 60, "about how long to capture")
	flag.IntVar(&o.runs, "runs", 5, "how often each program is run")
	flag.IntVar(&o.grow, "grow", 10_000_000, "records of the largest log in the table of memory; 0 leaves it out")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure decode:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context, o options) (err error) {
	scratch, err := os.MkdirTemp("", "measure-decode-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if o.log == "" {
		if o.log = o.keep; o.log == "" {
			o.log = filepath.Join(scratch, "audit.log")
		}
		if err := capture(ctx, o.log, scratch, o.records, o.captureDuration); err != nil {
			return fmt.Errorf("capturing a log: %w", err)
		}
	}
	size, err := sizeOf(o.log)
	if err != nil {
		return err
	}
	fmt.Printf("log: %d records, %d events, %d MB\n\n", size.records, size.events, size.bytes/1e6)
	if err := compare(ctx, o, scratch, size); err != nil {
		return err
	}
	if err := allocations(o.log); err != nil {
		return err
	}
	if o.grow > 0 {
		return growth(ctx, o, size)
	}
	return nil
}
