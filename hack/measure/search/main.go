// Search prints how long `nodeaudit search` takes for a key and a pid in many events, with and without indexes, as a table in Markdown.
//
// It writes the events with the agent's own sink to a directory of its own, which it removes at the end.
package main

import (
	"context"
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
	size, rounds   int
	events         uint32
	perPID         uint32
}

func main() {
	m := measurement{perPID: 6}
	flag.StringVar(&m.nodeaudit, "nodeaudit", "bin/kubectl-nodeaudit", "the program")
	flag.StringVar(&m.dir, "dir", os.TempDir(), "where the events are written")
	flag.IntVar(&m.size, "size", 1024, "how many MiB of events")
	flag.IntVar(&m.rounds, "rounds", 5, "how often each search is made")
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
	fmt.Printf("%d events, %d MiB, in files of %d MiB (packed, but for the newest) with indexes of %.2f MiB. Median of %d.\n\n", m.events, m.size, logs>>20, float64(indexes)/(1<<20), m.rounds)
	fmt.Println("| search | found | with indexes | without |\n|---|---|---|---|")
	pid := fmt.Sprint(m.events / 2 / m.perPID)
	for _, args := range [][]string{{"-k", "rare"}, {"-p", pid}, {"-p", pid, "-sv", "yes"}, {"--pod", "web-3"}, {"-x", "/usr/bin/nowhere"}} {
		if err := m.row(ctx, args); err != nil {
			return err
		}
	}
	return nil
}

// row measures a search in turn with and without indexes, which must find the same.
func (m *measurement) row(ctx context.Context, args []string) error {
	var with, without []time.Duration
	found := ""
	for range m.rounds {
		count, took, err := m.search(ctx, args)
		if err != nil {
			return err
		}
		with = append(with, took)
		other, took, err := m.search(ctx, append([]string{"--no-index"}, args...))
		if err != nil {
			return err
		}
		if other != count {
			return fmt.Errorf("%v: %s with indexes, %s without", args, count, other)
		}
		without, found = append(without, took), count
	}
	fmt.Printf("| `%s` | %s | %s | %s |\n", strings.Join(args, " "), found, middle(with), middle(without))
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

// event is one as a busy node has them: a program starts, opens files, is gone. One in a million has a key of its own.
func (m *measurement) event(serial uint32) *event.Event {
	at := time.UnixMilli(1_700_000_000_000 + int64(serial)/3).UTC()
	pid, pod := serial/m.perPID, serial%40
	exe := fmt.Sprintf("/usr/bin/tool-%d", serial/m.perPID%90)
	keys := []string{"files"}
	if serial%1_000_000 == 5000 {
		keys = []string{"rare"}
	}
	id := fmt.Sprintf("audit(%d.%03d:%d): ", at.Unix(), at.UnixMilli()%1000, serial)
	return &event.Event{
		Time: at, Serial: serial, Node: "node-1", Type: "SYSCALL", Keys: keys, Result: event.ResultSuccess,
		Who: event.Who{
			Confidence: event.ConfidenceExact, Source: event.SourceEBPF, Namespace: fmt.Sprintf("team-%d", pod%7), Pod: fmt.Sprintf("web-%d", pod),
			Container: "app", ContainerID: strings.Repeat(fmt.Sprintf("%02x", pod), 32), Image: "registry.example/app:1.2",
			Labels: map[string]string{"app": "web", "team": "shop"},
		},
		Call:    event.Call{Arch: "x86_64", Syscall: "openat", SyscallArgs: []string{"ffffff9c", fmt.Sprintf("7ffd%08x", serial*2654435761), "80000", "0"}, Exit: new(int64(3))},
		Process: event.Process{PID: event.NewID(pid), PPID: event.NewID(pid - 1), Comm: filepath.Base(exe), Exe: exe, CWD: "/srv/app", Proctitle: exe + " --config /etc/app.yaml"},
		User:    event.User{UID: event.NewID(pod), EUID: event.NewID(pod), GID: event.NewID(pod), EGID: event.NewID(pod)},
		Paths:   []event.Path{{Name: fmt.Sprintf("/srv/app/data/%d", serial*2654435761), Nametype: "NORMAL", Inode: fmt.Sprint(serial), Dev: "fd:00", Mode: "0100644"}},
		Records: []event.Record{
			{TypeName: "SYSCALL", Data: fmt.Sprintf("%sarch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd%08x a2=80000 a3=0 items=1 ppid=%d pid=%d "+
				"auid=4294967295 uid=%d gid=%d euid=%d suid=%d fsuid=%d egid=%d sgid=%d fsgid=%d tty=(none) ses=4294967295 comm=%q exe=%q subj=unconfined key=%q",
				id, serial*2654435761, pid-1, pid, pod, pod, pod, pod, pod, pod, pod, pod, filepath.Base(exe), exe, keys[0])},
			{TypeName: "CWD", Data: id + `cwd="/srv/app"`},
			{TypeName: "PATH", Data: fmt.Sprintf("%sitem=0 name=\"/srv/app/data/%d\" inode=%d dev=fd:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL "+
				"cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0", id, serial*2654435761, serial)},
			{TypeName: "PROCTITLE", Data: id + "proctitle=2F7573722F62696E2F746F6F6C002D2D636F6E666967002F6574632F6170702E79616D6C"},
		},
	}
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
	slices.Sort(times)
	return times[len(times)/2].Round(100 * time.Microsecond)
}
