package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// system is the audit system: kernel.Local.
type system interface {
	Status() (kernel.Status, error)
	Set(settings kernel.Settings) error
	Apply(ctx context.Context, changes []kernel.Change) []error
}

// load brings the rules of a text into the kernel.
func load(ctx context.Context, audit system, host rule.Host, text string, words io.Writer) error {
	status, err := audit.Status()
	if err != nil {
		return err
	}
	if status.Enabled == kernel.Locked {
		return errors.New("the audit system is locked already: the host's own files have -e 2, and were loaded before")
	}
	rules, lock := withoutLock(text)
	file, problems := rule.Parse(rules)
	for _, p := range problems {
		fmt.Fprintln(words, p)
	}
	if err := audit.Set(settings(file.Settings)); err != nil {
		return err
	}
	whole := add(ctx, audit, host, file.Rules, words)
	enabled := kernel.Settings{Enabled: new(uint32(kernel.On))}
	if lock && whole {
		enabled.Enabled = new(uint32(kernel.Locked))
	}
	if err := audit.Set(enabled); err != nil {
		return err
	}
	if !whole {
		return errors.New("the kernel did not take every rule, so nothing is locked: the agent goes on from here")
	}
	fmt.Fprintf(words, "%d rules are in, locked: %v\n", len(file.Rules), lock)
	return nil
}

// withoutLock takes the line of the lock out, which is no part of a rule file for policies.
func withoutLock(text string) (rules string, lock bool) {
	var rest strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "-e 2" {
			lock = true
			continue
		}
		rest.WriteString(line)
	}
	return rest.String(), lock
}

func settings(asked rule.Settings) kernel.Settings {
	var s kernel.Settings
	if asked.BacklogLimit != nil {
		s.BacklogLimit = new(uint32(*asked.BacklogLimit))
	}
	if asked.RateLimit != nil {
		s.RateLimit = new(uint32(*asked.RateLimit))
	}
	if asked.FailureMode != nil {
		s.Failure = new(uint32(*asked.FailureMode))
	}
	return s
}

// add says whether all rules are in that can be: one whose path is not there waits for the agent.
func add(ctx context.Context, audit system, host rule.Host, rules []rule.Rule, words io.Writer) bool {
	whole := true
	var changes []kernel.Change
	var of []rule.Rule
	for _, r := range rules {
		wire, err := r.Encode(host)
		if err != nil {
			fmt.Fprintf(words, "%s: %v\n", r, err)
			whole = false
			continue
		}
		changes, of = append(changes, kernel.Change{Op: kernel.Add, Rule: wire}), append(of, r)
	}
	for i, err := range audit.Apply(ctx, changes) {
		if err == nil || errors.Is(err, kernel.ErrExists) {
			continue
		}
		fmt.Fprintf(words, "%s: %v\n", of[i], err)
		whole = whole && errors.Is(err, kernel.ErrNotFound)
	}
	return whole
}
