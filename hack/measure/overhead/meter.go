package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// meterCommand is the first argument of the child that measures; the second is a directory of its own.
const meterCommand = "meter"

// calls are the system calls that are measured, in the order of a result.
var calls = []string{"getppid", "stat", "open+close"}

// result is the least time of one call, in nanoseconds, in the order of calls.
type result []float64

const (
	sliceCount = 600
	// slice is short enough to be undisturbed sometimes, and long enough for the clock.
	slice = 500 * time.Microsecond
)

// runMeter answers each line of its input: with a result to "measure", with an empty one, after one call of each kind, to anything else.
func runMeter(dir string, in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	var processors unix.CPUSet
	processors.Set(runtime.NumCPU() - 1)
	if err := unix.SchedSetaffinity(0, &processors); err != nil {
		return fmt.Errorf("staying on one processor: %w", err)
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, -20); err != nil {
		return fmt.Errorf("taking precedence: %w", err)
	}
	path, err := unix.BytePtrFromString(dir + "/file")
	if err != nil {
		return err
	}
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		return err
	}
	probes := newProbes(path)
	answers := json.NewEncoder(out)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var answer result
		if lines.Text() == "measure" {
			answer = least(probes)
		} else {
			for _, p := range probes {
				p()
			}
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return nil
}

// least takes the slices of the calls in turns, so that a disturbance meets all of them.
func least(probes []func()) result {
	times, counts := make(result, len(probes)), make([]int, len(probes))
	for i, p := range probes {
		counts[i] = 1
		for timed(p, counts[i]) < slice {
			counts[i] *= 2
		}
		times[i] = float64(time.Hour)
	}
	for range sliceCount {
		for i, p := range probes {
			times[i] = min(times[i], float64(timed(p, counts[i]))/float64(counts[i]))
		}
	}
	return times
}

func timed(p func(), count int) time.Duration {
	started := time.Now()
	for range count {
		p()
	}
	return time.Since(started)
}

// meter is the child, seen from the parent.
type meter struct {
	command *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
	records *records
}

func startMeter(ctx context.Context, dir string) (*meter, error) {
	m := &meter{command: exec.CommandContext(ctx, "/proc/self/exe", meterCommand, dir)}
	m.command.Stderr = os.Stderr
	var errIn, errOut error
	m.in, errIn = m.command.StdinPipe()
	out, errOut := m.command.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, err
	}
	m.answers = json.NewDecoder(out)
	if err := m.command.Start(); err != nil {
		return nil, err
	}
	var err error
	if m.records, err = listen(m.command.Process.Pid); err != nil {
		m.end()
		return nil, err
	}
	_, err = m.ask("try")
	return m, err
}

func (m *meter) end() {
	_ = m.in.Close()
	_ = m.command.Wait()
	if m.records != nil {
		m.records.end()
	}
}

func (m *meter) measure() (result, error) { return m.ask("measure") }

func (m *meter) ask(what string) (result, error) {
	var r result
	if _, err := fmt.Fprintln(m.in, what); err != nil {
		return nil, err
	}
	err := m.answers.Decode(&r)
	return r, err
}

// recorded returns the keys of the rules that record what the meter does.
func (m *meter) recorded() ([]string, error) {
	if _, err := m.ask("try"); err != nil {
		return nil, err
	}
	return m.records.take(), nil
}

func (m *meter) measureUnrecorded() (result, error) {
	r, err := m.measure()
	if keys := m.records.take(); err == nil && len(keys) > 0 {
		err = fmt.Errorf("the meter was recorded with key %q while it measured", keys)
	}
	return r, err
}
