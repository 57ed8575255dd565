package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// rules are those that every reader gets its events of.
const rules = "-a always,exit -F arch=b64 -S execve -k exec\n-a always,exit -F arch=b32 -S execve -k exec\n"

// backlog is the kernel's, the same for each.
const backlog = 8192

// machine is this machine, whose audit system is taken.
type machine struct {
	dir       string
	held      *kerneltest.Held
	generator generator
	rates     []int
	readers   []reader
}

func takeMachine(dir string, o options) (*machine, error) {
	m := &machine{dir: dir}
	for text := range strings.SplitSeq(o.rates, ",") {
		rate, err := strconv.Atoi(text)
		if err != nil || rate < 0 || rate%100 != 0 {
			return nil, fmt.Errorf("rate %q is not a multiple of 100", text)
		}
		m.rates = append(m.rates, rate)
	}
	if o.agent == "" {
		o.agent = filepath.Join(dir, "nodeagent")
		build := exec.Command("go", "build", "-tags", "grpcnotrace", "-trimpath", "-ldflags", "-s -w", "-o", o.agent, "./cmd/nodeagent")
		build.Dir, build.Env = "../../..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building the agent: %w\n%s", err, out)
		}
	}
	var err error
	if m.generator, err = newGenerator(dir); err != nil {
		return nil, err
	}
	if m.held, err = kerneltest.Hold(); err != nil {
		return nil, err
	}
	if err := m.set(); err != nil {
		m.giveBack()
		return nil, err
	}
	m.readers = readers(o)
	return m, nil
}

// set loads the rules.
func (m *machine) set() error {
	status, err := m.held.Client.Status()
	if err != nil {
		return err
	}
	if status.PID != 0 {
		return fmt.Errorf("process %d is this machine's audit daemon: stop it, and start it again afterwards", status.PID)
	}
	err = m.held.Client.Set(kernel.Settings{Enabled: new(uint32(kernel.On)), RateLimit: new(uint32(0)), BacklogLimit: new(uint32(backlog))})
	if err != nil {
		return err
	}
	file, problems := rule.Parse(rules)
	if len(file.Rules) != 2 {
		return fmt.Errorf("the rules do not compile: %v", problems)
	}
	for _, r := range file.Rules {
		wire, err := r.Encode(host.New("/"))
		if err == nil {
			err = m.held.Client.Add(wire)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) giveBack() {
	if err := m.held.Release(); err != nil {
		fmt.Fprintln(os.Stderr, "live: restoring the audit system:", err)
	}
}

// lost is the kernel's count.
func (m *machine) lost() (uint32, error) {
	status, err := m.held.Client.Status()
	return status.Lost, err
}

// settle waits until no reader has the kernel's records and none waits.
func (m *machine) settle() error {
	for range 200 {
		status, err := m.held.Client.Status()
		if err != nil {
			return err
		}
		if status.PID == 0 && status.Backlog == 0 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the audit system does not become quiet")
}
