// Testgroups runs the test groups of the project and says at the end which ran, which could not and why.
//
// Names of groups come in (default: all), the output of `go test -json` is read as it comes, and a summary goes out. It changes nothing
// itself. It fails when a test fails, and when a test or a group did not run although this machine has all that it needs: a check that
// quietly does not run proves nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	flag.Usage = func() { usage(flag.CommandLine.Output()) }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage(out io.Writer) {
	fmt.Fprintln(out, "usage: go run ./hack/testgroups [GROUP…]\n\nRuns the groups in this order; without a name, all of them:")
	for _, g := range groups {
		fmt.Fprintf(out, "  %-9s %s\n", g.name, g.what)
	}
	fmt.Fprintln(out, "\nExample: go run ./hack/testgroups unit kernel")
}

func run(ctx context.Context, out io.Writer, names []string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	results := make([]result, 0, len(chosen))
	for _, g := range chosen {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted before group %s", g.name)
		}
		fmt.Fprintf(out, "== %s: %s\n", g.name, g.what)
		started := time.Now()
		r := g.run(ctx, out)
		r.took = time.Since(started)
		results = append(results, r)
	}
	return report(out, results)
}

func choose(names []string) ([]group, error) {
	if len(names) == 0 {
		return groups, nil
	}
	var chosen []group
	for _, name := range names {
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no test group is called %q: see -help", name)
		}
		chosen = append(chosen, groups[i])
	}
	return chosen, nil
}
