package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// bench is the kernel with a meter on it.
type bench struct {
	held  *kerneltest.Held
	root  string
	meter *meter
}

// measure fills in the results of a corpus.
func measure(ctx context.Context, c *corpus) (err error) {
	root, err := os.MkdirTemp("", "measure-overhead-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(root) }()
	if err := c.furnish(root); err != nil {
		return err
	}
	held, err := kerneltest.Hold()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	// A thread has an audit context only when it was made after auditing was switched on.
	if err := held.Client.Set(kernel.Settings{Enabled: new(uint32(kernel.On))}); err != nil {
		return err
	}
	meter, err := startMeter(ctx, root)
	if err != nil {
		return err
	}
	defer meter.end()
	return (&bench{held: held, root: root, meter: meter}).compare(ctx, c)
}

// compare measures without rules, with those of the file, and with the optimised ones. The meter itself must not be recorded.
func (b *bench) compare(ctx context.Context, c *corpus) (err error) {
	status, err := b.held.Client.Status()
	if err != nil {
		return err
	}
	if err := b.base(c); err != nil {
		return err
	}
	wires := c.encode(b.root)
	for {
		var keys []string
		err := b.with(ctx, wires, func(loaded []rule.Wire) (err error) {
			c.written = loaded
			if keys, err = b.meter.recorded(); err != nil || len(keys) > 0 {
				return err
			}
			c.skipped += len(wires) - len(loaded)
			c.raw, err = b.meter.measureUnrecorded()
			return err
		})
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			break
		}
		kept := slices.DeleteFunc(slices.Clone(wires), func(w rule.Wire) bool { return hasKey(w, keys) })
		if len(kept) == len(wires) {
			return fmt.Errorf("rules with key %q record the meter, and cannot be told", keys)
		}
		c.recording += len(wires) - len(kept)
		wires = kept
	}
	if err := b.base(c); err != nil {
		return err
	}
	err = b.with(ctx, optimise(c.written), func(loaded []rule.Wire) (err error) {
		c.optimised = loaded
		c.cheap, err = b.meter.measureUnrecorded()
		return err
	})
	after, failed := b.held.Client.Status()
	c.lost = after.Lost - status.Lost
	return errors.Join(err, failed, b.base(c))
}

// base measures without rules.
func (b *bench) base(c *corpus) error {
	r, err := b.meter.measure()
	c.bases = append(c.bases, r)
	return err
}

// with loads rules, does something and takes out again what was loaded.
func (b *bench) with(ctx context.Context, wires []rule.Wire, do func(loaded []rule.Wire) error) error {
	var adds, deletes []kernel.Change
	for _, w := range wires {
		adds = append(adds, kernel.Change{Op: kernel.Add, Rule: w})
	}
	var loaded []rule.Wire
	for i, err := range kernel.Apply(ctx, b.root, adds) {
		if err == nil {
			loaded = append(loaded, wires[i])
			deletes = append(deletes, kernel.Change{Op: kernel.Delete, Rule: wires[i]})
		}
	}
	err := errors.Join(ctx.Err(), do(loaded))
	return errors.Join(err, errors.Join(kernel.Apply(context.WithoutCancel(ctx), b.root, deletes)...))
}

func hasKey(w rule.Wire, keys []string) bool {
	parts, err := w.Open()
	return err == nil && slices.ContainsFunc(parts.Keys(), func(k string) bool { return slices.Contains(keys, k) })
}
