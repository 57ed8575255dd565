package converge

import (
	"context"
	"log/slog"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/contest"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/stage"
)

// Kernel is the audit system of the node: kernel.Local, or the one in memory of kerneltest. Its errors are those of package kernel.
type Kernel interface {
	// Status reads the status.
	Status() (kernel.Status, error)
	// List reads the rules.
	List() ([]rule.Wire, error)
	// Set sets what is given.
	Set(settings kernel.Settings) error
	// Apply makes changes of rules, with one error or nil for each.
	Apply(ctx context.Context, changes []kernel.Change) []error
}

// Options are what a Converger works with.
type Options struct {
	// Kernel is the audit system, and Host the root in which paths, users and groups are looked up.
	Kernel Kernel
	Host   rule.Host
	// StateDir is where the Ledger is kept.
	StateDir string
	// BootID is the kernel's boot id.
	BootID string
	// Contest says when to stop fighting somebody who undoes what is repaired.
	Contest contest.Limits
	// Log is the program's.
	Log *slog.Logger
}

// Converger makes the kernel what a node should have. It is for one goroutine.
type Converger struct {
	options Options
	store   ledgerStore
	ledger  Ledger
	wanted  *parsed
	refused map[rule.Wire]refusal
	// doubted are rules that the kernel did not take when they were tried as written, and has not since.
	doubted   map[rule.Wire]bool
	optimised optimised
	last      *memory
	contest   *contest.Contest
	changes   []Change
	since     *metav1.Time
	// taken is what was staged for this boot until the first look, before who had locked the last boot, and seen what a pass has seen last.
	taken  *stage.Taken
	before *lockFact
	seen   looked
}

// rounds bounds the steps of one pass: rules and settings, the lock, and one more where somebody interfered.
const rounds = 3

// New returns a Converger that knows what an earlier one did on this boot.
func New(options Options) (*Converger, error) {
	c := &Converger{
		options: options, store: newLedgerStore(options.StateDir, options.BootID), refused: map[rule.Wire]refusal{}, doubted: map[rule.Wire]bool{},
		contest: contest.New(options.Contest),
	}
	var err error
	var earlier earlier
	if c.ledger, earlier, err = c.store.load(options.Log); err != nil {
		return nil, err
	}
	c.before = earlier.lock
	if c.taken, err = takenFor(options, earlier.known); err != nil {
		options.Log.Error("rules that were staged for this boot are taken for those of others", "err", err)
	}
	return c, nil
}

// Pass observes the kernel, makes it what state asks for, and returns what is there then. A nil state is not known yet: nothing is changed.
// The report has neither events nor sinks nor a time.
func (c *Converger) Pass(ctx context.Context, state *desired.State) v1alpha1.NodeAuditReport {
	if state == nil {
		have := c.observe(failures{})
		c.adopt(have)
		return c.report(have, unconfigured(have), "")
	}
	if c.wanted == nil || c.wanted.state.Digest != state.Digest {
		c.wanted = new(parse(*state, c.options.Host.Machine()))
		clear(c.refused)
		clear(c.doubted)
		c.contest.Clear()
	}
	before := c.observe(failures{})
	c.adopt(before)
	want, after, verdict := c.approach(ctx, before)
	c.sinceWhen(state.Digest, verdict.State)
	if c.countDrift(state.Digest, want, before, after) {
		c.contested(&after) // by that it may have become so
		verdict, _ = Determine(want, after)
	}
	c.noteLock(after)
	c.seen = looked{want, after}
	report := c.report(after, verdict, state.Digest)
	report.Lock = c.lockReport(want, after)
	return report
}

// approach goes on until there is nothing to do, or nothing that would help.
func (c *Converger) approach(ctx context.Context, have Have) (Want, Have, Verdict) {
	for round := 0; ; round++ {
		want := c.wanted.resolve(c.options.Host)
		c.reconsider(want, have)
		c.optimise(&want, have)
		have.Astray = c.astray(want)
		have.Ledger, have.Refused = c.ledger, c.refusals()
		c.contested(&have)
		verdict, plan := Determine(want, have)
		if plan.Empty() || ctx.Err() != nil || round == rounds {
			return want, have, verdict
		}
		have = c.observe(c.act(ctx, want, have, plan))
	}
}

// observe asks the kernel, after changes of which some may have failed.
func (c *Converger) observe(failed failures) Have {
	have := Have{RulesErr: failed.rules, SettingsErr: failed.settings}
	if have.Status, have.Err = c.options.Kernel.Status(); have.Err != nil {
		return have
	}
	have.Rules, have.Err = c.options.Kernel.List()
	for i, w := range have.Rules {
		have.Rules[i] = w.Canonical()
	}
	return have
}

// sinceWhen keeps the time since which the node has been in sync with one configuration.
func (c *Converger) sinceWhen(digest string, state v1alpha1.NodeState) {
	switch {
	case state != v1alpha1.NodeInSync:
		c.since = nil
	case c.since == nil || c.last == nil || c.last.digest != digest:
		c.since = now()
	}
}

// now is the time as reports have it.
func now() *metav1.Time { return new(metav1.NewTime(time.Now().UTC().Truncate(time.Second))) }
