// Live measures readers of audit events one after the other, while programs are executed at a steady rate: processor time, loss, memory and
// the time from the kernel to the file.
//
// `go run -C hack/measure/live .` compares the agent alone with auditd writing raw lines, auditd with laurel as its plugin, and a small reader
// made of go-libaudit. It needs root, a machine without a running audit daemon, and Debian's packages auditd and laurel; `-minutes 10` runs the
// memory figure for longer. It takes the lock of the tests that touch the kernel's audit system, and leaves rules and settings as it found them.
//
// The generator is a static program of 200 bytes that executes another one with vfork, so that nearly all that it costs is the kernel's work. It
// is bound to one processor. Readers may use both.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

type options struct {
	seconds, rounds, minutes int
	rates                    string
	only                     string
	agent                    string
	collect                  string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "read" { // this program as the reader made of go-libaudit
		fail(readWithLibaudit(os.Args[2]))
		return
	}
	var o options
	flag.IntVar(&o.seconds, "seconds", 8, "how long each rate lasts")
	flag.IntVar(&o.rounds, "rounds", 3, "how often everything is measured; medians are printed")
	flag.IntVar(&o.minutes, "minutes", 0, "also measure the agent's memory at 3,000 a second for so long")
	flag.StringVar(&o.rates, "rates", "100,1000,3000,0", "executions a second; 0 is as many as one processor makes")
	flag.StringVar(&o.only, "only", "", "readers to measure, by the beginning of their names, separated by commas")
	flag.StringVar(&o.agent, "agent", "", "the agent's program; it is built where none is named")
	flag.StringVar(&o.collect, "collect", "Multicast", "spec.collect of the agent's policy")
	flag.Parse()
	fail(run(o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	dir, err := os.MkdirTemp("/var/tmp", "nodeaudit-live-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := takeMachine(dir, o)
	if err != nil {
		return err
	}
	defer m.giveBack()
	results := results{}
	for round := range o.rounds {
		for _, rate := range m.rates {
			for _, r := range m.readers {
				if !wanted(r.name, o.only) {
					continue
				}
				figure, err := m.measure(r, rate, time.Duration(o.seconds)*time.Second)
				if err != nil {
					return fmt.Errorf("%s at %d a second: %w", r.name, rate, err)
				}
				fmt.Fprintf(os.Stderr, "round %d, %d a second: %s\n", round+1, rate, figure.line(r.name))
				results.add(rate, r.name, figure)
			}
		}
	}
	results.print(m)
	return m.long(o.minutes)
}

func wanted(name, only string) bool {
	if only == "" {
		return true
	}
	for prefix := range strings.SplitSeq(only, ",") {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
