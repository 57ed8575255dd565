package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// key is that of the rules.
const key = "measure-drift"

// patience is the longest time that anything may take.
const patience = time.Minute

type measurement struct {
	auditctl      string
	rounds, rules int

	client             *kernel.Client
	foreign            bool
	dir                string
	fromStart, fromEnd []time.Duration
}

// prepare builds the agent and writes its policy.
func (m *measurement) prepare(client *kernel.Client) (err error) {
	m.client = client
	rules, err := client.List()
	if err != nil {
		return err
	}
	m.foreign = len(rules) > 0
	if m.dir, err = os.MkdirTemp("", "measure-drift-"); err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-o", m.dir, "./cmd/nodeagent").CombinedOutput(); err != nil {
		return fmt.Errorf("building the agent: %w: %s", err, out)
	}
	var text strings.Builder
	text.WriteString("apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: measure}\nspec:\n  rules: |\n")
	for i := range m.rules {
		fmt.Fprintf(&text, "    -w /etc/measure-drift-%d.conf -p wa -k %s\n", i, key)
	}
	return os.WriteFile(filepath.Join(m.dir, "policy.yaml"), []byte(text.String()), 0o600)
}

// agent starts the agent and waits until all rules are in. It looks at the kernel by itself once in an hour only, so that it is the kernel's record
// of the change that wakes it; and it never gives up, for the same rules are deleted a hundred times.
func (m *measurement) agent(ctx context.Context) (end func() error, err error) {
	var words bytes.Buffer
	c := exec.Command(filepath.Join(m.dir, "nodeagent"), "--policy", filepath.Join(m.dir, "policy.yaml"), "--state-dir", filepath.Join(m.dir, "state"),
		"--log-dir", filepath.Join(m.dir, "log"), "--metrics-address", "", "--run-dir", "", "--interval", "1h", "--contest-after", "0")
	c.Stderr = &words
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		return nil, err
	}
	end = func() error {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			return fmt.Errorf("the agent ended with %w: %s", err, words.String())
		}
		return nil
	}
	if err := m.back(ctx); err != nil {
		return nil, fmt.Errorf("%w; %w", err, end())
	}
	return end, nil
}

// back waits until the kernel lists all rules. Between two looks it waits: whoever lists all the time keeps others from changing rules.
func (m *measurement) back(ctx context.Context) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(3 * time.Millisecond) {
		rules, err := m.client.List()
		if err != nil {
			return err
		}
		if count(rules) == m.rules {
			return ctx.Err()
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("%d of %d rules are there after %s", count(rules), m.rules, patience)
		}
	}
}

func count(rules []rule.Wire) int {
	n := 0
	for _, w := range rules {
		if r, err := rule.Decode(w); err == nil && slices.Contains(r.Keys(), key) {
			n++
		}
	}
	return n
}

// round deletes the rules, those of others only where there are none, and waits for them.
func (m *measurement) round(ctx context.Context) error {
	time.Sleep(time.Second + rand.N(time.Second)) // so that it meets the agent at any point
	args := []string{"-D"}
	if m.foreign {
		args = append(args, "-k", key)
	}
	started := time.Now()
	if out, err := exec.CommandContext(ctx, m.auditctl, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("auditctl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	ended := time.Now()
	if err := m.back(ctx); err != nil {
		return err
	}
	m.fromStart = append(m.fromStart, time.Since(started).Round(time.Millisecond))
	m.fromEnd = append(m.fromEnd, time.Since(ended).Round(time.Millisecond))
	return nil
}
