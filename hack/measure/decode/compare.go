package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// reader is a program that reads the log.
type reader struct {
	name string
	args []string
	in   bool // the log is its standard input
	file bool // it writes a file; the others write to /dev/null
	env  string
	cpu  []time.Duration
	peak int64 // in KiB
}

// size is that of a log.
type size struct{ records, events, bytes int }

func sizeOf(path string) (size, error) {
	in, err := os.Open(path)
	if err != nil {
		return size{}, err
	}
	defer in.Close()
	serials := map[string]bool{}
	var s size
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Bytes()
		s.records++
		s.bytes += len(line) + 1
		_, after, _ := bytes.Cut(line, []byte("msg=audit("))
		serial, _, _ := bytes.Cut(after, []byte(")"))
		serials[string(serial)] = true
	}
	s.events = len(serials)
	return s, lines.Err()
}

const laurelConfig = `directory = %q
user = "root"
[auditlog]
file = "laurel.log"
size = 100000000000
generations = 0
[transform]
execve-argv = [ "array" ]
[translate]
universal = %v
user-db = %v
[enrich]
pid = %v
container = %v
script = %v
execve-env = []
`

// readers are the programs that are there. Laurel can write nothing but a file (and would change the mode of /dev/null), so it is compared with
// nodeaudit writing one.
func readers(o options, scratch string) ([]*reader, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all := []*reader{
		{name: "nodeaudit decode --root /", args: []string{o.program, "decode", "--root", "/", o.log}},
		{name: "nodeaudit decode --root /, to a file", args: []string{o.program, "decode", "--root", "/", o.log}, file: true},
		{name: "go-libaudit 2.6.2: Reassembler, aucoalesce, encoding/json", args: []string{self, libauditCommand, o.log}, env: "GOMAXPROCS=1"},
	}
	if _, err := exec.LookPath("ausearch"); err == nil {
		all = append(all, &reader{name: "ausearch -i", args: []string{"ausearch", "-i", "-if", o.log}})
	} else {
		fmt.Fprintln(os.Stderr, "ausearch is not there (apt install auditd)")
	}
	if _, err := exec.LookPath("laurel"); err != nil {
		fmt.Fprintln(os.Stderr, "laurel is not there (apt install laurel)")
		return all, nil
	}
	for name, full := range map[string]bool{"laurel 0.5.1, least": false, "laurel 0.5.1, all translation and enrichment": true} {
		file := filepath.Join(scratch, fmt.Sprintf("laurel-%v.toml", full))
		text := fmt.Sprintf(laurelConfig, scratch, full, full, full, full, full)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
		all = append(all, &reader{name: name, args: []string{"laurel", "-c", file}, in: true, file: true})
	}
	slices.SortFunc(all[2:], func(a, b *reader) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return all, nil
}

// compare runs the programs in turn and prints a table.
func compare(ctx context.Context, o options, scratch string, s size) error {
	all, err := readers(o, scratch)
	if err != nil {
		return err
	}
	for run := range o.runs {
		for _, r := range all {
			fmt.Fprintf(os.Stderr, "run %d: %s\n", run+1, r.name)
			if err := r.run(ctx, o.log, scratch); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	own := map[bool]float64{false: float64(all[0].median()), true: float64(all[1].median())}
	fmt.Println("| program | CPU s, median | from–to | µs per record | peak MiB | times nodeaudit |\n|---|---|---|---|---|---|")
	for _, r := range all {
		fmt.Printf("| %s | %.2f | %.2f–%.2f | %.2f | %d | %.1f |\n", r.name, r.median().Seconds(), slices.Min(r.cpu).Seconds(), slices.Max(r.cpu).Seconds(),
			float64(r.median().Microseconds())/float64(s.records), r.peak>>10, float64(r.median())/own[r.file])
	}
	fmt.Println()
	return nil
}

// run runs a program once.
func (r *reader) run(ctx context.Context, log, scratch string) error {
	target := os.DevNull
	if r.file {
		target = filepath.Join(scratch, "out")
	}
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	defer out.Close()
	_ = os.Remove(filepath.Join(scratch, "laurel.log"))
	command := exec.CommandContext(ctx, r.args[0], r.args[1:]...)
	command.Stdout = out
	command.Env = append(os.Environ(), r.env)
	if r.in {
		in, err := os.Open(log)
		if err != nil {
			return err
		}
		defer in.Close()
		command.Stdin = in
	}
	if err := command.Start(); err != nil {
		return err
	}
	peak := watch(command.Process.Pid)
	err = command.Wait()
	r.peak = max(r.peak, peak())
	r.cpu = append(r.cpu, command.ProcessState.UserTime()+command.ProcessState.SystemTime())
	return err
}

// watch looks again and again how much memory a process has had at most, in KiB. What the kernel says when the process has ended includes
// this program's own, which it had before it became another.
func watch(pid int) (peak func() int64) {
	most := make(chan int64, 1)
	stop := make(chan struct{})
	go func() {
		var seen int64
		for {
			seen = max(seen, highWater(pid))
			select {
			case <-stop:
				most <- seen
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-most
	}
}

// highWater is VmHWM, or 0 where the process is not there, or has not yet become its program.
func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(text, []byte("VmHWM:"))
	var size int64
	if _, err := fmt.Sscan(string(after), &size); err != nil {
		return 0
	}
	return size
}

func (r *reader) median() time.Duration {
	sorted := slices.Sorted(slices.Values(r.cpu))
	return sorted[len(sorted)/2]
}
