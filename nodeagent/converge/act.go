package converge

import (
	"context"
	"fmt"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// failures are what kept changes from being made, apart from what the kernel has against single rules.
type failures struct {
	rules, settings error
}

// act carries out a plan. What is about to be done is on disk before it is done, so that it can be undone whatever happens in between.
func (c *Converger) act(ctx context.Context, want Want, have Have, plan Plan) failures {
	if err := c.announce(have, plan); err != nil {
		c.options.Log.Error("changing nothing", "err", err)
		return failures{rules: err, settings: err}
	}
	var failed failures
	if len(plan.Changes) > 0 {
		c.options.Log.Info("changing rules", "changes", len(plan.Changes))
		failed.rules = c.conclude(want, have, plan.Changes, c.options.Kernel.Apply(ctx, plan.Changes))
	}
	failed.settings = c.set(want, have, plan)
	if err := c.store.save(c.ledger); err != nil {
		c.options.Log.Error("the next start of the agent will not know some rules as its own", "err", err)
	}
	return failed
}

// announce writes the ledger as it will be when everything succeeds.
func (c *Converger) announce(have Have, plan Plan) error {
	next, holds := c.ledger.clone(), have.holds()
	for _, change := range plan.Changes {
		if w := change.Rule.Canonical(); change.Op == kernel.Add && !holds[w] {
			next.Owned[w] = true
		}
	}
	for name := range plan.Settings {
		if _, known := next.Found[name]; !known {
			next.Found[name] = have.settings()[name]
		}
	}
	next.place(c.options.Host, plan.Changes)
	next.Locked = next.Locked || plan.Lock
	if err := c.store.save(next); err != nil {
		return err
	}
	c.ledger = next
	return nil
}

// conclude takes note of what became of each change, and returns the first error that is not about its rule.
func (c *Converger) conclude(want Want, have Have, changes []kernel.Change, errs []error) error {
	holds := have.holds()
	var first error
	for i, change := range changes {
		w, err := change.Rule.Canonical(), errs[i]
		switch {
		case change.Op == kernel.Delete && gone(err) && have.count(w) < 2 && !addedAgain(changes[i:], w):
			delete(c.ledger.Owned, w)
		case change.Op == kernel.Add && err != nil && !holds[w]:
			delete(c.ledger.Owned, w)
		}
		switch {
		case harmless(change.Op, err):
		case change.Op == kernel.Add && refusing(err):
			c.refuse(want, w, err)
		case first == nil:
			first = err
			c.options.Log.Warn("rules were not changed", "err", err)
		}
	}
	return first
}

// addedAgain says whether the rule that is deleted first in changes is only moved.
func addedAgain(changes []kernel.Change, w rule.Wire) bool {
	return slices.ContainsFunc(changes, func(c kernel.Change) bool { return c.Op == kernel.Add && c.Rule.Canonical() == w })
}

func decoded(w rule.Wire) string {
	r, err := rule.Decode(w)
	if err != nil {
		return fmt.Sprintf("%x", string(w))
	}
	return r.String()
}

// set sets the settings of a plan, and forgets the values that were found where they are back.
func (c *Converger) set(want Want, have Have, plan Plan) error {
	settings := encode(plan.Settings)
	if plan.Lock {
		settings.Enabled = new(uint32(kernel.Locked))
		c.options.Log.Info("locking the audit system until the node reboots")
	}
	if settings == (kernel.Settings{}) {
		return nil
	}
	if err := c.options.Kernel.Set(settings); err != nil {
		c.ledger.Locked = c.ledger.Locked && !plan.Lock
		c.options.Log.Warn("settings were not changed", "err", err)
		return err
	}
	asked := want.settings()
	for name := range plan.Settings {
		if _, still := asked[name]; !still {
			delete(c.ledger.Found, name)
		}
	}
	if len(plan.Settings) > 0 {
		c.options.Log.Info("changed settings", "what", sentence(plan.Settings, have.settings()))
	}
	return nil
}
