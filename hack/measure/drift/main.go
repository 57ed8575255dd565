// Drift prints how long it takes from `auditctl -D` by hand until the rules of a policy are back, with the real agent alone on this machine, as a
// table in Markdown.
//
// It takes the audit system as the tests do, loads rules of its own that hardly ever match, and puts everything back. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func main() {
	m := measurement{}
	flag.StringVar(&m.auditctl, "auditctl", "auditctl", "the program auditctl")
	flag.IntVar(&m.rounds, "rounds", 100, "how often the rules are deleted")
	flag.IntVar(&m.rules, "rules", 50, "how many rules the policy has")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	err := run(ctx, &m)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure drift:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, m *measurement) (err error) {
	held, err := kerneltest.Hold()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	if err := m.prepare(held.Client); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.dir)) }()
	end, err := m.agent(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	for range m.rounds {
		if err := m.round(ctx); err != nil {
			return err
		}
	}
	fmt.Printf("| %d rules, %d times | median | worst |\n|---|---|---|\n", m.rules, m.rounds)
	fmt.Printf("| from the start of `auditctl -D` to all rules back | %s | %s |\n", middle(m.fromStart), slices.Max(m.fromStart))
	fmt.Printf("| from its end to all rules back | %s | %s |\n", middle(m.fromEnd), slices.Max(m.fromEnd))
	return nil
}

func middle(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
