// Who prints how many of 10,000 processes that live for less than 2 ms in 50 containers get the right pod, with the eBPF programs and without,
// what those cost, and how much memory their tables take, as tables in Markdown.
//
// Everything is real: control groups named as the kubelet names them, processes that do nothing but end, the kernel's audit records of them, and
// the stages of the event road. It takes the audit system as the tests do and puts everything back. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/test/who"
)

var ways = []struct {
	way  enrichtest.Way
	what string
}{
	{enrichtest.Child, "children of a process that lives on in the container"},
	{enrichtest.Grandchild, "children of one that lives hardly longer and makes no event"},
	{enrichtest.Visitor, "entering the container from the host, as `kubectl exec` has it"},
}

func main() {
	enrichtest.Main()
	containers := flag.Int("containers", 50, "how many containers")
	count := flag.Int("count", 10000, "how many processes: a half, two fifths and a tenth of the three kinds")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	m := measurement{out: os.Stdout, containers: *containers, count: map[enrichtest.Way]int{
		enrichtest.Child: *count * 5 / 10, enrichtest.Grandchild: *count * 4 / 10, enrichtest.Visitor: *count / 10,
	}}
	err := m.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure who:", err)
		os.Exit(1)
	}
}

type measurement struct {
	out        io.Writer
	containers int
	count      map[enrichtest.Way]int
}

func (m *measurement) run(ctx context.Context) (err error) {
	held, err := kerneltest.Hold()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		return fmt.Errorf("having the kernel measure eBPF programs: %w", err)
	}
	defer func() { _ = stats.Close() }()
	tracer, err := trace.Open("/", slog.Default())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tracer.Close()) }()
	pids := map[enrichtest.Way][]uint32{}
	with, err := m.play(ctx, held, &who.Play{Tracer: tracer, Lives: func(e *event.Event) {
		pid, _ := e.PID.Get()
		pids[enrichtest.Way(e.Args[2])] = append(pids[enrichtest.Way(e.Args[2])], pid)
	}})
	if err != nil {
		return err
	}
	if err := m.costs(tracer, pids); err != nil {
		return err
	}
	without, err := m.play(ctx, held, &who.Play{})
	if err != nil {
		return err
	}
	m.shares(with, without)
	return nil
}

// play runs in a directory of its own.
func (m *measurement) play(ctx context.Context, held *kerneltest.Held, play *who.Play) (map[enrichtest.Way]*who.Result, error) {
	dir, err := os.MkdirTemp("", "measure-who-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	play.Containers, play.Count = m.containers, m.count
	return play.Run(ctx, held.Client, dir)
}

func (m *measurement) shares(with, without map[enrichtest.Way]*who.Result) {
	fmt.Fprintf(m.out, "\n| %d containers | events | right pod with eBPF | right pod without | of these `exact` | unknown | taken for the host's, `parent` | wrong and `exact` |\n", m.containers)
	fmt.Fprintln(m.out, "|---|---|---|---|---|---|---|---|")
	for _, w := range ways {
		a, b := with[w.way], without[w.way]
		fmt.Fprintf(m.out, "| %s | %d | %s | %s | %d | %d | %d | %d |\n", w.what, a.Events, share(a.Exact+a.Parent, a.Events),
			share(b.Exact+b.Parent, b.Events), b.Exact, b.Unknown, b.Wrong-b.WrongExact, a.WrongExact+b.WrongExact)
	}
}

func share(part, of int) string {
	return fmt.Sprintf("%d (%.2f %%)", part, 100*float64(part)/float64(max(of, 1)))
}

// costs prints how long the processes lived, what the programs took, and the memory.
func (m *measurement) costs(tracer *trace.Tracer, pids map[enrichtest.Way][]uint32) error {
	fmt.Fprintln(m.out, "| lives, from fork to exit | median | under 2 ms |\n|---|---|---|")
	for _, w := range ways {
		median, short, all := lives(tracer, pids[w.way])
		fmt.Fprintf(m.out, "| %s | %s | %s |\n", w.what, median.Round(10*time.Microsecond), share(short, all))
	}
	costs, err := tracer.Costs()
	if err != nil {
		return err
	}
	fmt.Fprintln(m.out, "\n| eBPF program | runs | each |\n|---|---|---|")
	for _, c := range costs {
		fmt.Fprintf(m.out, "| %s | %d | %d ns |\n", c.Tracepoint, c.Runs, uint64(c.Time)/max(c.Runs, 1))
	}
	bytes, err := tracer.Memory()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "\nmemory of the tables: %.1f MiB\n", float64(bytes)/(1<<20))
	return nil
}

// lives returns the median of how long processes lived, and how many less than 2 ms.
func lives(tracer *trace.Tracer, pids []uint32) (median time.Duration, short, all int) {
	var each []time.Duration
	for _, pid := range pids {
		if p, ok := tracer.Process(pid); ok && !p.Exit.IsZero() {
			each = append(each, p.Exit.Sub(p.Start))
		}
	}
	slices.Sort(each)
	if len(each) == 0 {
		return 0, 0, 0
	}
	short, _ = slices.BinarySearch(each, 2*time.Millisecond)
	return each[len(each)/2], short, len(each)
}
