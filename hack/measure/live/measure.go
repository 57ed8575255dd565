package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// figure is what one reader did at one rate.
type figure struct {
	made    int
	rate    float64 // that was reached
	written int
	lost    uint32  // of the kernel's count
	cpu     float64 // seconds
	percent float64 // of one processor, while events came
	rss     int     // KiB
	median  time.Duration
	late    time.Duration // the 99th percentile
}

// measure runs a reader, and the generator at the rate, and returns when the reader has ended.
func (m *machine) measure(r reader, rate int, long time.Duration) (f figure, err error) {
	if err := m.settle(); err != nil {
		return f, err
	}
	dir := filepath.Join(m.dir, "reader")
	if err := os.RemoveAll(dir); err != nil {
		return f, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return f, err
	}
	p, err := m.start(r, dir)
	if err != nil {
		return f, err
	}
	defer p.end()
	tail := follow(p.log)
	lost, err := m.lost()
	if err != nil {
		return f, err
	}
	before := p.cpu()
	var took time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.made, took, err = m.generator.run(rate, long)
	}()
	<-done
	if err != nil {
		return f, err
	}
	p.quiet()
	f.cpu, f.rss = p.cpu()-before, p.rss()
	f.rate, f.percent = float64(f.made)/took.Seconds(), 100*f.cpu/took.Seconds()
	now, err := m.lost()
	f.lost = now - lost
	f.median, f.late = tail.end()
	p.end()
	f.written = count(p.log, r.line)
	return f, err
}

// start starts a reader and waits until it reads.
func (m *machine) start(r reader, dir string) (*process, error) {
	command, log, err := r.start(dir)
	if err != nil {
		return nil, err
	}
	words := &bytes.Buffer{}
	command.Stdout, command.Stderr = words, words
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{command: command, log: log, words: words}
	for range 100 {
		if m.probe(r, p) {
			return p, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.end()
	return nil, fmt.Errorf("it does not read: %s", words)
}

// probe executes the program once and says whether the event is in the log.
func (m *machine) probe(r reader, p *process) bool {
	path, err := m.generator.burst(1)
	if err != nil || execute(path) != nil {
		return false
	}
	if r.daemon {
		if status, err := m.held.Client.Status(); err != nil || int(status.PID) != p.command.Process.Pid {
			return false
		}
	}
	for range 20 {
		time.Sleep(50 * time.Millisecond)
		if count(p.log, r.line) > 0 {
			p.quiet()
			_ = os.Truncate(p.log, 0)
			return true
		}
	}
	return false
}

// process is a reader that runs, with its children.
type process struct {
	command *exec.Cmd
	log     string
	words   *bytes.Buffer
	ended   bool
}

func (p *process) end() {
	if p.ended {
		return
	}
	p.ended = true
	_ = p.command.Process.Signal(unix.SIGTERM)
	_ = p.command.Wait()
}

// quiet waits until the log does not grow any more.
func (p *process) quiet() {
	size, since := int64(-1), time.Now()
	for time.Since(since) < 700*time.Millisecond {
		if info, err := os.Stat(p.log); err == nil && info.Size() != size {
			size, since = info.Size(), time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// count counts the lines that are events of the program.
func count(path string, is func(string) bool) int {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		if is(lines.Text()) {
			n++
		}
	}
	return n
}
