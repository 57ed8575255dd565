package converge

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/stage"
)

// lockFact is who has locked the audit system, and since when.
type lockFact struct {
	By     v1alpha1.LockedBy `json:"by"`
	BootID string            `json:"bootID"` // the first of a row of boots locked by the same
	Since  metav1.Time       `json:"since"`  // on this boot
}

// adopt takes what an agent had staged for this boot, and what the boot has loaded, for the agent's own. It is for the first look.
func (c *Converger) adopt(have Have) {
	taken := c.taken
	if taken == nil || have.Err != nil {
		return
	}
	c.taken = nil
	next, holds := c.ledger.clone(), have.holds()
	var loaded []kernel.Change
	for _, w := range taken.Rules {
		if holds[w] {
			next.Owned[w] = true
			loaded = append(loaded, kernel.Change{Op: kernel.Add, Rule: w})
		}
	}
	next.place(c.options.Host, loaded)
	for _, name := range allSettings {
		if staged, is := taken.Settings[string(name)]; is && have.settings()[name] == staged {
			if found, was := taken.Found[string(name)]; was {
				next.Found[name] = found
			}
		}
	}
	next.Locked = taken.Lock && have.Status.Enabled == kernel.Locked
	c.ledger = next
	c.options.Log.Info("found what was staged for this boot", "staged", len(taken.Rules), "loaded", len(loaded), "locked", next.Locked)
	c.keep()
}

// noteLock remembers who has locked the audit system, as soon as it is seen locked.
func (c *Converger) noteLock(have Have) {
	if have.Err != nil || (have.Status.Enabled == kernel.Locked) == (c.ledger.Lock != nil) {
		return
	}
	c.ledger = c.ledger.clone()
	c.ledger.Lock = nil
	if have.Status.Enabled == kernel.Locked {
		by := v1alpha1.LockedByHost
		if c.ledger.Locked {
			by = v1alpha1.LockedByNodeaudit
		}
		c.ledger.Lock = &lockFact{By: by, BootID: c.options.BootID, Since: *now()}
		if c.before != nil && c.before.By == by {
			c.ledger.Lock.BootID = c.before.BootID
		}
	}
	c.keep()
}

// keep writes the ledger after the fact, for what can be found out again.
func (c *Converger) keep() {
	if err := c.store.save(c.ledger); err != nil {
		c.options.Log.Error("the next start of the agent will not know what this one does", "err", err)
	}
}

// lockReport is nil on a node that is not locked and that no policy wants to lock.
func (c *Converger) lockReport(want Want, have Have) *v1alpha1.LockReport {
	locked := have.Err == nil && have.Status.Enabled == kernel.Locked
	if !locked && !want.Kernel.Immutable {
		return nil
	}
	report := &v1alpha1.LockReport{}
	if !locked {
		return report
	}
	if fact := c.ledger.Lock; fact != nil {
		report.LockedBy, report.Since, report.SinceBootID = fact.By, &fact.Since, fact.BootID
	}
	compared := comparison{want: want, have: have, holds: have.holds()}
	for _, r := range want.Rules {
		if r.Enforced && r.Err == nil && !compared.held(r) {
			report.Missing = append(report.Missing, limit(r.Text, 4*maxText))
		}
	}
	declared := want.declared()
	for _, w := range have.Rules {
		if c.ledger.Owned[w] && !declared[w] {
			report.Superfluous = append(report.Superfluous, limit(c.readable(w), 4*maxText))
		}
	}
	report.Missing = report.Missing[:min(len(report.Missing), maxProblems)]
	report.Superfluous = report.Superfluous[:min(len(report.Superfluous), maxProblems)]
	return report
}

// Staging returns what the next boot should load, after a pass with the state: nil for nothing, on a node that neither is locked nor will be.
// found are the settings that the agent has changed, as they were. It is not known before the kernel could be asked.
func (c *Converger) Staging(state *desired.State) (set *stage.Set, found map[string]uint32, known bool) {
	if state == nil || c.wanted == nil || c.wanted.state.Digest != state.Digest || c.seen.have.Err != nil {
		return nil, nil, false
	}
	want, have := c.seen.want, c.seen.have
	enforces := slices.ContainsFunc(want.Rules, func(r Rule) bool { return r.Enforced })
	if !want.Kernel.Immutable && (have.Status.Enabled != kernel.Locked || !enforces) {
		return nil, nil, true
	}
	values := numbers(want.Kernel)
	value := func(name setting) *uint32 {
		if v, asked := values[name]; asked {
			return &v
		}
		return nil
	}
	set = &stage.Set{
		Rules:        c.stagedRules(want, have),
		BacklogLimit: value(backlogLimit), Failure: value(failureMode), RateLimit: value(rateLimit),
		Lock: want.Kernel.Immutable, Alone: want.RemoveUnmanaged,
	}
	found = map[string]uint32{}
	for name, v := range c.ledger.Found {
		found[string(name)] = v
	}
	return set, found, true
}

// stagedRules leaves out what the kernel would not take either when it boots.
func (c *Converger) stagedRules(want Want, have Have) []stage.Rule {
	holds := have.holds()
	var rules []stage.Rule
	for _, l := range want.Load {
		if _, refused := have.Refused[l.Wire]; (refused || l.Waits) && !holds[l.Wire] {
			continue
		}
		r := stage.Rule{Wire: l.Wire}
		for _, from := range l.From {
			r.Written = append(r.Written, want.Rules[from].Wire)
		}
		rules = append(rules, r)
	}
	return rules
}

// looked is what a pass has seen last.
type looked struct {
	want Want
	have Have
}

// taken returns what was staged for the boot that runs, where no agent has worked on it yet.
func takenFor(options Options, known bool) (*stage.Taken, error) {
	if known {
		return nil, nil //nolint:nilnil // nothing to take
	}
	taken, err := stage.Load(options.StateDir)
	if err != nil || taken == nil || taken.BootID == options.BootID {
		return nil, err
	}
	for i, w := range taken.Rules {
		taken.Rules[i] = w.Canonical()
	}
	return taken, nil
}
