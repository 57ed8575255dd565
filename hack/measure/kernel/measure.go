package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	libaudit "github.com/elastic/go-libaudit/v2"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

type row struct {
	what                string
	median, least, most time.Duration
}

type measurement struct {
	client *kernel.Client
	rounds int
	loaded int
	rows   []row
}

// sethostname, which hardly anything calls.
const call = 170

// fill adds rules until there are so many.
func (m *measurement) fill(ctx context.Context, total int) error {
	for ; m.loaded < total && ctx.Err() == nil; m.loaded++ {
		if err := m.client.Add(kerneltest.Syscall(call, fmt.Sprintf("measure-kernel-%d", m.loaded))); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// repeat does a thing and notes how long it takes. Before it, prepare is called, which does not count.
func (m *measurement) repeat(ctx context.Context, what string, prepare, do func(round int) error) error {
	var took []time.Duration
	for i := range m.rounds {
		if err := errors.Join(ctx.Err(), prepare(i)); err != nil {
			return err
		}
		started := time.Now()
		if err := do(i); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		took = append(took, time.Since(started).Round(10*time.Microsecond))
	}
	slices.Sort(took)
	m.rows = append(m.rows, row{what, took[len(took)/2], took[0], took[len(took)-1]})
	return nil
}

func nothing(int) error { return nil }

func marked(i int) rule.Wire {
	return kerneltest.Syscall(call, fmt.Sprintf("measure-kernel-changed-%d", i))
}

// changes replaces one rule of total: as the agent does on its own host and from a container, and the delete alone.
func (m *measurement) changes(ctx context.Context, total int) error {
	if err := m.fill(ctx, total-1); err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "measure-kernel-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(root) }()
	add := func(i int) error { return m.client.Add(marked(i)) }
	remove := func(i int) error { return m.client.Delete(marked(i)) }
	replace := func(root string, base int) (prepare, do func(i int) error) {
		prepare = func(i int) error {
			if i == 0 {
				return add(base)
			}
			return nil
		}
		return prepare, func(i int) error {
			return errors.Join(kernel.Apply(ctx, root, []kernel.Change{
				{Op: kernel.Add, Rule: marked(base + i + 1)}, {Op: kernel.Delete, Rule: marked(base + i)},
			})...)
		}
	}
	if err := m.repeat(ctx, fmt.Sprintf("delete 1 of %d rules, nothing else", total), add, remove); err != nil {
		return err
	}
	for i, where := range []struct{ name, root string }{{"in its own root", "/"}, {"in another root, with a child", root}} {
		prepare, do := replace(where.root, 1000*(i+1))
		if err := m.repeat(ctx, fmt.Sprintf("change 1 of %d rules %s", total, where.name), prepare, do); err != nil {
			return err
		}
		if err := remove(1000*(i+1) + m.rounds); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) listings(ctx context.Context, total int, auditctl string) error {
	if err := m.fill(ctx, total); err != nil {
		return err
	}
	theirs, err := libaudit.NewAuditClient(nil)
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }()
	for _, way := range []struct {
		name string
		list func(int) error
	}{
		{"nodeaudit", func(int) error { return m.whole(total) }},
		{"go-libaudit GetRules", func(int) error {
			rules, err := theirs.GetRules()
			return errors.Join(err, enough(len(rules), total))
		}},
		{"auditctl -l, with its start and print to /dev/null", func(int) error { return exec.CommandContext(ctx, auditctl, "-l").Run() }},
		{"nodeaudit, after the others", func(int) error { return m.whole(total) }},
	} {
		if auditctl == "" && way.name[:8] == "auditctl" {
			continue
		}
		if err := m.repeat(ctx, fmt.Sprintf("list %d rules: %s", total, way.name), nothing, way.list); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) whole(total int) error {
	client, err := kernel.Open()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	rules, err := client.List()
	return errors.Join(err, enough(len(rules), total))
}

func enough(listed, total int) error {
	if listed < total {
		return fmt.Errorf("%d rules are listed, of %d", listed, total)
	}
	return nil
}
