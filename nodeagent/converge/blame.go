package converge

import (
	"slices"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Change is a change of the audit system by somebody else, as the kernel has recorded it.
type Change struct {
	// Op is what was done, in the kernel's words: remove_rule, add_rule, set.
	Op string
	// Time is when the agent learned of it.
	Time time.Time
	// By is who did it.
	By v1alpha1.Actor
}

const (
	// maxChanges bounds what is remembered between two passes: a rules file is loaded line by line.
	maxChanges = 64
	// fresh is how old a change may be that explains what a pass has found: records may come later than the pass sees their effect.
	fresh = 5 * time.Second
)

// Saw takes note of a change that a later pass may find the effect of. It may name nobody: then it is of no use.
func (c *Converger) Saw(change Change) {
	if change.By == (v1alpha1.Actor{}) {
		return
	}
	if len(c.changes) == maxChanges {
		c.changes = slices.Delete(c.changes, 0, 1)
	}
	c.changes = append(c.changes, change)
}

// blame returns who did the latest change of that kind, nil where nobody is known.
func (c *Converger) blame(done wrongs) *v1alpha1.Actor {
	fits := func(op string) bool {
		switch op {
		case "remove_rule":
			return len(done.missing) > 0
		case "add_rule":
			return len(done.strangers) > 0
		case "set":
			return len(done.settings) > 0
		default:
			return false
		}
	}
	for _, change := range slices.Backward(c.changes) {
		if fits(change.Op) {
			return &change.By
		}
	}
	return nil
}

// blameLate gives a repair that nobody was known for the change that was recorded since, and forgets changes that explain nothing any more.
func (c *Converger) blameLate() {
	c.changes = slices.DeleteFunc(c.changes, func(change Change) bool { return time.Since(change.Time) > fresh })
	drift := c.ledger.Drift
	if len(c.changes) == 0 || drift.LastBy != nil || drift.LastTime == nil || time.Since(drift.LastTime.Time) > fresh {
		return
	}
	c.ledger = c.ledger.clone()
	c.ledger.Drift.LastBy = &c.changes[len(c.changes)-1].By
	c.changes = nil
	c.saveDrift()
}
