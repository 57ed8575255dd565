// Search prints how long `nodeaudit search` takes for a key and a pid in many events, with and without indexes, as a table in Markdown.
//
// It repeats real events with other serials, times, processes and pods, writes them with the agent's own sink to a directory of its own, and removes
// that at the end.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
)

// measurement is what is measured, and where.
type measurement struct {
	nodeaudit, dir string
	size           int
	rounds, full   int
	events         uint32
	perPID         uint32
	templates      []*event.Event
}

func main() {
	m := measurement{perPID: 6}
	flag.StringVar(&m.nodeaudit, "nodeaudit", "bin/kubectl-nodeaudit", "the program")
	flag.StringVar(&m.dir, "dir", os.TempDir(), "where the events are written")
	flag.IntVar(&m.size, "size", 1024, "how many MiB of events")
	flag.IntVar(&m.rounds, "rounds", 5, "how often each search is made")
	flag.IntVar(&m.full, "full", 1, "how often each search is made without indexes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	err := m.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure search:", err)
		os.Exit(1)
	}
}

func (m *measurement) run(ctx context.Context) (err error) {
	if m.templates, err = templates(); err != nil {
		return err
	}
	if m.dir, err = os.MkdirTemp(m.dir, "search-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.dir)) }()
	if err := m.write(ctx); err != nil {
		return err
	}
	logs, indexes, err := sizes(m.dir)
	if err != nil {
		return err
	}
	fmt.Printf("%d events, %d MiB, in files of %d MiB (packed, but for the newest) with indexes of %.2f MiB. Median of %d; cold is after the kernel has forgotten the files.\n\n", m.events, m.size, logs>>20, float64(indexes)/(1<<20), m.rounds)
	fmt.Println("| search | found | with indexes | cold | without indexes |\n|---|---|---|---|---|")
	pid := fmt.Sprint(m.events / 2 / m.perPID)
	for _, args := range [][]string{{"-k", "rare"}, {"-p", pid}, {"-p", pid, "-sv", "yes"}, {"--pod", "web-3"}, {"-x", "/usr/bin/nowhere"}} {
		if err := m.row(ctx, args); err != nil {
			return err
		}
	}
	return nil
}

// row measures a search with indexes, cold and warm, and without, which must find the same.
func (m *measurement) row(ctx context.Context, args []string) error {
	var cold, warm, without []time.Duration
	found := ""
	for round := range max(m.rounds, m.full) {
		if round < m.rounds {
			if err := m.forget(); err != nil {
				return err
			}
			for _, times := range []*[]time.Duration{&cold, &warm} {
				count, took, err := m.search(ctx, args)
				if err != nil {
					return err
				}
				found, *times = count, append(*times, took)
			}
		}
		if round < m.full {
			count, took, err := m.search(ctx, append([]string{"--no-index"}, args...))
			if err != nil {
				return err
			}
			if found != "" && count != found {
				return fmt.Errorf("%v: %s with indexes, %s without", args, found, count)
			}
			without = append(without, took)
		}
	}
	fmt.Printf("| `%s` | %s | %s | %s | %s |\n", strings.Join(args, " "), found, middle(warm), middle(cold), middle(without))
	return nil
}

func (m *measurement) search(ctx context.Context, args []string) (count string, took time.Duration, err error) {
	start := time.Now()
	c := exec.CommandContext(ctx, m.nodeaudit, append([]string{"search", "--count", m.dir}, args...)...)
	out, err := c.Output()
	took = time.Since(start)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 && strings.TrimSpace(string(out)) == "0" {
		err = nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("searching %v: %w", args, err)
	}
	return strings.TrimSpace(string(out)), took, nil
}

// write writes events until there are enough, and waits until all rotated files are packed.
func (m *measurement) write(ctx context.Context) error {
	const maxSize = 100 << 20
	w, err := file.New(file.Options{Path: filepath.Join(m.dir, "audit.log"), MaxSize: maxSize, MaxFiles: 1000, Compress: true})
	if err != nil {
		return err
	}
	var line []byte
	batch := make([]*event.Event, 0, 256)
	for written := 0; written < m.size<<20; m.events++ {
		e := m.event(m.events)
		if line, err = event.AppendLine(line[:0], e); err != nil {
			return errors.Join(err, w.Close())
		}
		written += len(line)
		if batch = append(batch, e); len(batch) == cap(batch) {
			if err := w.Write(ctx, batch); err != nil {
				return errors.Join(err, w.Close())
			}
			batch = batch[:0]
		}
	}
	for ctx.Err() == nil && !m.isPacked() {
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(ctx.Err(), w.Close())
}

// isPacked says whether no rotated file is plain.
func (m *measurement) isPacked() bool {
	all, err := filepath.Glob(filepath.Join(m.dir, "audit.log.*"))
	return err == nil && !slices.ContainsFunc(all, func(name string) bool { return !strings.HasSuffix(name, ".gz") && !strings.HasSuffix(name, ".idx") })
}

// templates are the events that the project's own tests have captured from a kernel.
func templates() ([]*event.Event, error) {
	text, err := os.ReadFile("nodeagent/decode/testdata/linux-6.18-x86_64.jsonl")
	if err != nil {
		return nil, fmt.Errorf("reading real events (start it in the project's folder): %w", err)
	}
	var all []*event.Event
	for line := range bytes.Lines(text) {
		e := &event.Event{}
		if err := json.Unmarshal(line, e); err != nil {
			return nil, fmt.Errorf("reading real events: %w", err)
		}
		all = append(all, e)
	}
	return all, nil
}

// event is a real one at another time, with another serial, process and pod, as a busy node has them. One in five million has a key of its own.
func (m *measurement) event(serial uint32) *event.Event {
	e := m.templates[int(serial)%len(m.templates)].Clone()
	at := time.UnixMilli(1_700_000_000_000 + int64(serial)/3).UTC()
	pid, pod := serial/m.perPID, serial%40
	id := fmt.Sprintf("audit(%d.%03d:%d): ", at.Unix(), at.UnixMilli()%1000, serial)
	for i := range e.Records {
		if _, rest, found := strings.Cut(e.Records[i].Data, "): "); found {
			e.Records[i].Data = id + rest
		}
	}
	e.Time, e.Serial, e.Node = at, serial, "node-1"
	e.PID, e.PPID = event.NewID(pid), event.NewID(pid-1)
	if serial%5_000_000 == 5000 {
		e.Keys = []string{"rare"}
	}
	e.Who = event.Who{
		Confidence: event.ConfidenceExact, Source: event.SourceEBPF, Namespace: fmt.Sprintf("team-%d", pod%7), Pod: fmt.Sprintf("web-%d", pod),
		Container: "app", ContainerID: strings.Repeat(fmt.Sprintf("%02x", pod), 32), Image: "registry.example/app:1.2",
		Labels: map[string]string{"app": "web", "team": "shop"},
	}
	return e
}

// forget lets the kernel forget what it has in memory of the files.
func (m *measurement) forget() error {
	names, err := filepath.Glob(filepath.Join(m.dir, "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
		if err != nil {
			return fmt.Errorf("forgetting %s: %w", name, err)
		}
	}
	return nil
}

// sizes returns how large the logs of a directory are, and how large their indexes.
func sizes(dir string) (logs, indexes int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0, err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return 0, 0, err
		}
		if strings.HasSuffix(entry.Name(), ".idx") {
			indexes += info.Size()
		} else {
			logs += info.Size()
		}
	}
	return logs, indexes, nil
}

func middle(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)/2].Round(100 * time.Microsecond)
}
