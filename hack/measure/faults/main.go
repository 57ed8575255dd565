// Faults shows what destinations have of the events that an agent took, after faults: a table of what was sent, received, lost and doubled, and whether the order
// was kept.
//
// Each cell of the table is a sender of its own, in a process of its own, with the agent's own queue on disk and a receiver on loopback that dies, hangs or
// comes back. Receivers are real programs where this machine has them (hack/peers.sh), otherwise ones written for this: the table says which. All cells run
// at once. It touches no audit system. Power cuts need root and a loop device.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"
)

// options are what people can set.
type options struct {
	down, steady, settle time.Duration
	rate                 int
	only                 *regexp.Regexp
	dir                  string
}

func main() {
	var o options
	flag.DurationVar(&o.down, "down", 10*time.Minute, "how long a receiver is away")
	flag.DurationVar(&o.steady, "steady", time.Minute, "how long events are sent around each fault")
	flag.DurationVar(&o.settle, "settle", 10*time.Minute, "how long at most a queue may take to become empty at the end")
	flag.IntVar(&o.rate, "rate", 20, "events a second in each cell")
	only := flag.String("only", ".", "expression for the cells to run: DESTINATION/FAULT")
	dir := flag.String("dir", os.TempDir(), "where queues are; a folder in it is made and removed")
	sender := flag.String("send", "", "be the sender of this cell: the file with what to do")
	kind := flag.String("receive", "", "be a receiver of this kind, at the address of -at, with what it has in the file of -out")
	at, out := flag.String("at", "", ""), flag.String("out", "", "")
	flag.Parse()
	if *kind != "" {
		exit(receive(*kind, *at, *out))
	}
	if *sender != "" {
		exit(send(*sender))
	}
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		o.dir, err = os.MkdirTemp(*dir, "nodeaudit-faults-")
	}
	if err != nil {
		exit(err)
	}
	err = measure(&o)
	_ = os.RemoveAll(o.dir)
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
