package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

const rulesLoadLong = `Add the rules of files that this machine's kernel lacks, in their order, behind those that it has. Rules that are there already stay where
they are, so that nothing is unaudited meanwhile. Nothing is loaded where a file has an error, and nothing on a locked audit system.

It does not switch auditing on, and does not last beyond a reboot: nodeagent does both. Where nodeagent keeps this machine's rules with
unmanagedRules: Remove, it takes out again what no policy declares.`

type loadFlags struct {
	root                         string
	removeUnmanaged, skipInvalid bool
	at                           systemAt
}

func rulesLoadCommand(name string, at systemAt) *cobra.Command {
	f := loadFlags{at: at}
	c := &cobra.Command{
		Use:     "load FILE…",
		Short:   "Load what the kernel lacks",
		Long:    rulesLoadLong,
		Example: examples(name, "rules load policy.yaml", "rules load --skip-errors /etc/audit/rules.d/*.rules", "rules load --remove-unmanaged policy.yaml"),
		Args:    atLeastOneFile,
		RunE:    f.run,
	}
	c.Flags().StringVar(&f.root, "root", "/", "root directory in which paths, users and groups of the rules are meant")
	c.Flags().BoolVar(&f.removeUnmanaged, "remove-unmanaged", false, "afterwards delete the rules that are in no file")
	c.Flags().BoolVar(&f.skipInvalid, "skip-errors", false, "load the rest where lines have an error; the exit status is 1 all the same")
	return c
}

func (f *loadFlags) run(c *cobra.Command, args []string) error {
	want, found, err := wanted(c, args, f.root)
	if err != nil {
		return err
	}
	if err := show(c.ErrOrStderr(), found, "text"); err != nil {
		return fmt.Errorf("printing findings: %w", err)
	}
	wrong := summary(found)
	if wrong != nil && !f.skipInvalid {
		return fmt.Errorf("%w: nothing was loaded; --skip-errors loads the rest", wrong)
	}
	return errors.Join(wrong, f.load(c, want))
}

func (f *loadFlags) load(c *cobra.Command, want []hostRule) error {
	system := f.at(f.root)
	status, err := system.Status()
	if err == nil && status.Enabled == kernel.Locked {
		err = kernel.ErrLocked
	}
	if err != nil {
		return plain(err, c)
	}
	listed, err := system.List()
	if err != nil {
		return plain(err, c)
	}
	differs := compare(want, listed)
	added, failed := change(c, system, kernel.Add, requests(differs.missing))
	deleted := 0
	if f.removeUnmanaged {
		var more error
		deleted, more = change(c, system, kernel.Delete, differs.extra)
		failed = errors.Join(failed, more)
	}
	_, _ = fmt.Fprintf(c.ErrOrStderr(), "%s added, %d deleted\n", plural(added, "rule"), deleted)
	if status.Enabled == kernel.Off {
		_, _ = fmt.Fprintln(c.ErrOrStderr(), "auditing is off (enabled 0), so that no rule records anything: auditctl -e 1 switches it on")
	}
	return errors.Join(failed, misplacedNow(c.ErrOrStderr(), system, want))
}

// requests puts rules in the order in which they are added, and asks for the beginning of the list for those with -A: the last one gets it.
func requests(rules []hostRule) []hostRule {
	var first, rest []hostRule
	for _, r := range rules {
		if r.first {
			r.wire = r.wire.AtFirst()
			first = append(first, r)
		} else {
			rest = append(rest, r)
		}
	}
	slices.Reverse(first)
	return append(first, rest...)
}

// change changes rules, prints which ones the kernel did not take, and returns how many it did.
func change(c *cobra.Command, system auditSystem, op kernel.Op, rules []hostRule) (done int, failed error) {
	changes := make([]kernel.Change, len(rules))
	for i, r := range rules {
		changes[i] = kernel.Change{Op: op, Rule: r.wire}
	}
	for i, err := range system.Apply(c.Context(), changes) {
		switch {
		case err == nil, op == kernel.Add && errors.Is(err, kernel.ErrExists), op == kernel.Delete && errors.Is(err, kernel.ErrNotFound):
			done++
			continue
		case errors.Is(err, kernel.ErrUnsupported), errors.Is(err, kernel.ErrLocked), errors.Is(err, kernel.ErrNotPermitted):
			return done, plain(err, c)
		case op == kernel.Add && errors.Is(err, kernel.ErrNotFound):
			err = errors.New("its path and the directory that the path is in do not exist on this machine")
		}
		f := finding{Severity: isError, File: rules[i].File, Line: rules[i].Line, Policy: rules[i].Policy, Message: fmt.Sprintf("rule %s: %v", rules[i].Rule, err)}
		_, _ = fmt.Fprintln(c.ErrOrStderr(), f)
		failed = errors.New("the kernel did not take every change")
	}
	return done, failed
}

// misplacedNow looks whether the order came out right: rules can be added at the end only.
func misplacedNow(words io.Writer, system auditSystem, want []hostRule) error {
	listed, err := system.List()
	if err != nil {
		return err
	}
	wrong := compare(want, listed).misplaced
	for _, r := range wrong {
		_, _ = fmt.Fprintf(words, "%s stands on the wrong side of a rule that records: delete the rules of its list and load again\n", r.Rule)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s in the wrong place", plural(len(wrong), "rule"))
	}
	return nil
}
