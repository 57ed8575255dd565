package converge

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// Verdict is what is true on a node.
type Verdict struct {
	// State, Reason and Message are those of the node: those of its worst policy.
	State   v1alpha1.NodeState
	Reason  string
	Message string
	// Policies has the verdict on each policy.
	Policies []v1alpha1.NodePolicyReport
	// Rules counts rules and names those that are not loaded.
	Rules v1alpha1.RulesReport
}

// Plan is what to change, in this order.
type Plan struct {
	// Changes are changes of rules: added ones, then deleted ones.
	Changes []kernel.Change
	// Settings are values to set.
	Settings map[setting]uint32
	// Lock says to lock the audit system. It comes alone, when all else is in the kernel and was seen there.
	Lock bool
}

// Empty says that there is nothing to do.
func (p Plan) Empty() bool { return len(p.Changes) == 0 && len(p.Settings) == 0 && !p.Lock }

// Determine compares what a node should have with what its kernel has. It has no effects: the same values give the same answer.
func Determine(want Want, have Have) (Verdict, Plan) {
	if have.Err != nil {
		return unreadable(want, have.Err), Plan{}
	}
	c := comparison{want: want, have: have, holds: have.holds()}
	c.plan, c.holdsBack = c.makePlan()
	return c.verdict(), c.allowed()
}

// comparison is the two sides, and what would make them equal.
type comparison struct {
	want  Want
	have  Have
	holds map[rule.Wire]bool
	plan  Plan
	// holdsBack says that the plan lacks something that is left alone now.
	holdsBack bool
}

// allowed is the plan that can be carried out: none on a locked kernel, and the lock only when there is nothing else to do.
func (c comparison) allowed() Plan {
	switch {
	case c.have.Status.Enabled == kernel.Locked:
		return Plan{}
	case c.plan.Empty() && c.lockable():
		return Plan{Lock: true}
	default:
		return c.plan
	}
}

// lockable says that a lock is asked for, and that nothing would be wrong behind it but what waits for its path.
func (c comparison) lockable() bool {
	if !c.want.Kernel.Immutable || c.have.SettingsErr != nil || c.holdsBack {
		return false
	}
	return !slices.ContainsFunc(c.want.Rules, func(r Rule) bool {
		return r.Enforced && !c.held(r) && c.fate(r) != v1alpha1.ReasonRuleWaiting
	})
}

// makePlan also says whether it leaves out something that is left alone now.
func (c comparison) makePlan() (plan Plan, holdsBack bool) {
	held := func(t thing) bool {
		holdsBack = holdsBack || c.have.Held[t]
		return c.have.Held[t]
	}
	wanted, loading := c.want.declared(), map[rule.Wire]bool{}
	var load []rule.Wire
	for _, l := range c.want.Load {
		if _, refused := c.have.Refused[l.Wire]; c.holds[l.Wire] || !refused && !l.Waits && !held(ruleThing(l.Wire)) {
			load = append(load, l.Wire)
			loading[l.Wire] = true
		}
	}
	plan = Plan{
		Changes:  arrange(load, c.have.Rules),
		Settings: unequal(targets(c.want, c.have), c.have.settings()),
	}
	maps.DeleteFunc(plan.Settings, func(name setting, _ uint32) bool { return held(settingThing(name)) })
	seen := map[rule.Wire]bool{}
	for _, w := range c.have.Rules {
		twice := seen[w] && loading[w] // somebody added it once more with -A, which the kernel takes
		seen[w] = true
		if twice || c.have.Astray[w] || c.have.Ledger.Owned[w] && !loading[w] || c.want.RemoveUnmanaged && !wanted[w] && !held(strangerThing(w)) {
			plan.Changes = append(plan.Changes, kernel.Change{Op: kernel.Delete, Rule: w})
		}
	}
	return plan, holdsBack
}

// fate says in one word why a rule is not in the kernel.
func (c comparison) fate(r Rule) string {
	switch refused := c.refusalOf(r); {
	case r.Err != nil:
		return v1alpha1.ReasonRuleUnresolved
	case r.Waits, errors.Is(refused, kernel.ErrNotFound):
		return v1alpha1.ReasonRuleWaiting
	case refused != nil:
		return v1alpha1.ReasonRuleRefused
	case r.In != "" && c.have.Held[ruleThing(r.In)]:
		return v1alpha1.ReasonContested
	default:
		return v1alpha1.ReasonRuleMissing
	}
}

// refusalOf is what the kernel had against the rule, or against what was made of it.
func (c comparison) refusalOf(r Rule) error {
	if err := c.have.Refused[r.Wire]; err != nil {
		return err
	}
	return c.have.Refused[r.In]
}

// unreadable is the verdict where the kernel could not be asked.
func unreadable(want Want, err error) Verdict {
	v := Verdict{State: v1alpha1.NodeUnknown, Reason: v1alpha1.ReasonObserveError, Message: "reading the kernel's audit system: " + err.Error()}
	if missing, is := errors.AsType[*kernel.UnsupportedError](err); is {
		v.State, v.Reason, v.Message = v1alpha1.NodeUnsupported, string(missing.Cause), missing.Error()
	}
	v.Rules.Wanted = int32(len(want.Rules))
	for _, p := range want.Policies {
		v.Policies = append(v.Policies, named(p, v))
	}
	return v
}

// unconfigured is the verdict where nobody has said yet what the node should have.
func unconfigured(have Have) Verdict {
	if have.Err != nil {
		return unreadable(Want{}, have.Err)
	}
	return Verdict{
		State: v1alpha1.NodeUnknown, Reason: v1alpha1.ReasonNoConfig, Message: "the agent has not received a configuration yet",
		Rules: v1alpha1.RulesReport{Unmanaged: int32(len(have.Rules))},
	}
}

func named(p nodeconfig.Policy, v Verdict) v1alpha1.NodePolicyReport {
	return v1alpha1.NodePolicyReport{Name: p.Name, Generation: p.Generation, State: v.State, Reason: v.Reason, Message: v.Message}
}

// Locked nodes: what was locked with rules of ours in it waits for a reboot, what somebody else locked first is their lock.
func (c comparison) behindLock(v v1alpha1.NodePolicyReport) v1alpha1.NodePolicyReport {
	if c.have.Status.Enabled != kernel.Locked || v.State == v1alpha1.NodeInSync {
		return v
	}
	if c.have.Ledger.Locked || len(c.have.Ledger.Owned) > 0 {
		v.State, v.Reason = v1alpha1.NodeRebootPending, v1alpha1.ReasonRebootPending
		v.Message = fmt.Sprintf("%s; the audit system is locked (enabled 2) with an earlier configuration: reboot the node", v.Message)
		return v
	}
	v.State, v.Reason = v1alpha1.NodeLocked, v1alpha1.ReasonLocked
	v.Message = fmt.Sprintf("%s; the audit system was locked (enabled 2) before nodeaudit came, mostly by `-e 2` in the host's own rules: "+
		"take that out of /etc/audit/rules.d and reboot the node", v.Message)
	return v
}
