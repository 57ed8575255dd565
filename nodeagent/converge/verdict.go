package converge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

const (
	// maxProblems and maxText are limits of the API's schema.
	maxProblems = 20
	maxText     = 4096
	// maxNamed is how many rules a message names. The report names more.
	maxNamed = 3
)

func (c comparison) verdict() Verdict {
	v := Verdict{State: v1alpha1.NodeInSync, Reason: v1alpha1.ReasonInSync, Rules: c.countRules()}
	for _, p := range c.want.Policies {
		report := c.onPolicy(p)
		v.Policies = append(v.Policies, report)
		if severity(report.State) > severity(v.State) {
			v.State, v.Reason, v.Message = report.State, report.Reason, prefixed(p.Name, report.Message)
		}
	}
	if v.State == v1alpha1.NodeInSync {
		c.onLeftovers(&v)
	}
	return v
}

// severity orders states, the worst last.
func severity(state v1alpha1.NodeState) int {
	return slices.Index([]v1alpha1.NodeState{
		v1alpha1.NodeInSync, v1alpha1.NodeSettingsDiffer, v1alpha1.NodeRulesDiffer, v1alpha1.NodeRebootPending, v1alpha1.NodeLocked,
		v1alpha1.NodeUnknown, v1alpha1.NodeUnsupported,
	}, state)
}

func prefixed(policy, message string) string {
	return limit(fmt.Sprintf("policy %s: %s", policy, message), maxText)
}

func limit(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}

// onPolicy asks in the order of what a reader should mend first.
func (c comparison) onPolicy(p nodeconfig.Policy) v1alpha1.NodePolicyReport {
	v := v1alpha1.NodePolicyReport{Name: p.Name, Generation: p.Generation, State: v1alpha1.NodeInSync, Reason: v1alpha1.ReasonInSync}
	for _, check := range []func(nodeconfig.Policy) (state v1alpha1.NodeState, reason, message string){
		c.checkContested, c.checkRules, c.checkOrder, c.checkUnmanaged, c.checkEnabled, c.checkSettings, c.checkLock,
	} {
		state, reason, message := check(p)
		if state != v1alpha1.NodeInSync {
			v.State, v.Reason, v.Message = state, reason, message
			break
		}
		v.Message = cmp.Or(v.Message, message)
	}
	if p.Mode == v1alpha1.ModeEnforce {
		v = c.behindLock(v)
	}
	v.Message = limit(v.Message, maxText)
	return v
}

// checkRules looks at the policy's rules that are not in the kernel. Those that wait for a path are no difference: the kernel could not watch
// what is not there.
func (c comparison) checkRules(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	missing := map[string][]Rule{}
	count := 0
	for _, r := range c.want.Rules {
		if !slices.Contains(r.Policies, p.Name) {
			continue
		}
		count++
		if !c.held(r) {
			fate := c.fate(r)
			missing[fate] = append(missing[fate], r)
		}
	}
	for _, fate := range []string{v1alpha1.ReasonRuleRefused, v1alpha1.ReasonRuleUnresolved, v1alpha1.ReasonContested, v1alpha1.ReasonRuleMissing} {
		if rules := missing[fate]; len(rules) > 0 {
			return v1alpha1.NodeRulesDiffer, fate, fmt.Sprintf("%d of %d rules are not in the kernel: %s", len(rules), count, c.reasons(rules))
		}
	}
	if rules := missing[v1alpha1.ReasonRuleWaiting]; len(rules) > 0 {
		return v1alpha1.NodeInSync, "", fmt.Sprintf("%d of %d rules wait for their path: %s", len(rules), count, c.reasons(rules))
	}
	return v1alpha1.NodeInSync, "", ""
}

// reasons names some rules, each with why it is not in the kernel.
func (c comparison) reasons(rules []Rule) string {
	var parts []string
	for _, r := range rules[:min(len(rules), maxNamed)] {
		parts = append(parts, fmt.Sprintf("%q: %s", short(r.Text), c.why(r)))
	}
	if rest := len(rules) - maxNamed; rest > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(parts, "; ")
}

// why says what a rule needs.
func (c comparison) why(r Rule) string {
	switch c.fate(r) {
	case v1alpha1.ReasonRuleUnresolved:
		return r.Err.Error()
	case v1alpha1.ReasonContested:
		return "somebody keeps deleting it: " + c.have.Rival
	case v1alpha1.ReasonRuleWaiting:
		return "its path, or the directory that it is in, does not exist on the node"
	case v1alpha1.ReasonRuleRefused:
		return "the kernel refused it: " + c.refusalOf(r).Error()
	default:
		if !r.Enforced {
			return "not loaded, and mode Observe loads nothing"
		}
		if c.have.RulesErr != nil {
			return "not loaded: " + c.have.RulesErr.Error()
		}
		return "not loaded"
	}
}

func (c comparison) checkOrder(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	moves := 0
	for _, change := range c.plan.Changes {
		if change.Op == kernel.Add && c.holds[change.Rule.Canonical()] {
			moves++
		}
	}
	if moves == 0 || p.Mode != v1alpha1.ModeEnforce {
		return v1alpha1.NodeInSync, "", ""
	}
	return v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleOrder,
		fmt.Sprintf("%d rules stand on the wrong side of a never rule, which decides whether they record", moves)
}

func (c comparison) checkUnmanaged(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	if unmanaged := c.countRules().Unmanaged; p.UnmanagedRules == v1alpha1.UnmanagedRulesRemove && unmanaged > 0 {
		return v1alpha1.NodeRulesDiffer, v1alpha1.ReasonUnmanagedRules, fmt.Sprintf("%d rules are in the kernel that no policy declares", unmanaged)
	}
	return v1alpha1.NodeInSync, "", ""
}

func (c comparison) checkEnabled(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	hasRules := slices.ContainsFunc(c.want.Rules, func(r Rule) bool { return slices.Contains(r.Policies, p.Name) })
	if hasRules && c.have.Status.Enabled == kernel.Off {
		return v1alpha1.NodeSettingsDiffer, v1alpha1.ReasonNotEnabled, "the kernel's audit system is off (enabled 0): it records nothing" + c.refusal()
	}
	return v1alpha1.NodeInSync, "", ""
}

// checkSettings compares what the policy asks for, unless one of a higher priority asks for something else.
func (c comparison) checkSettings(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	asked := numbers(p.Kernel)
	if p.Mode == v1alpha1.ModeEnforce {
		merged := numbers(c.want.Kernel)
		maps.DeleteFunc(asked, func(name setting, value uint32) bool { return merged[name] != value })
	}
	if wrong := unequal(asked, c.have.settings()); wrong != nil {
		return v1alpha1.NodeSettingsDiffer, v1alpha1.ReasonSettingsDiffer, sentence(wrong, c.have.settings()) + c.refusal()
	}
	return v1alpha1.NodeInSync, "", ""
}

func (c comparison) refusal() string {
	if c.have.SettingsErr == nil {
		return ""
	}
	return ": " + c.have.SettingsErr.Error()
}

func (c comparison) checkLock(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	if p.Mode == v1alpha1.ModeEnforce && p.Kernel.Immutable && c.have.Status.Enabled != kernel.Locked {
		return v1alpha1.NodeSettingsDiffer, v1alpha1.ReasonNotLocked, "the audit system is not locked (enabled 2) yet" + c.refusal()
	}
	return v1alpha1.NodeInSync, "", ""
}

// onLeftovers looks at what no policy asks for any more. A node that no policy selects is released when there is nothing of the kind.
func (c comparison) onLeftovers(v *Verdict) {
	left, declared := 0, c.want.declared()
	for _, change := range c.plan.Changes {
		if change.Op == kernel.Delete && c.have.Ledger.Owned[change.Rule] && !declared[change.Rule] {
			left++
		}
	}
	switch {
	case left > 0:
		v.State, v.Reason = v1alpha1.NodeRulesDiffer, v1alpha1.ReasonUnmanagedRules
		v.Message = fmt.Sprintf("%d rules that no policy asks for any more are still in the kernel", left)
	case len(c.plan.Settings) > 0:
		v.State, v.Reason = v1alpha1.NodeSettingsDiffer, v1alpha1.ReasonSettingsDiffer
		v.Message = sentence(c.plan.Settings, c.have.settings()) + ", as before nodeaudit came" + c.refusal()
	case len(c.want.Policies) == 0:
		v.Reason, v.Message = v1alpha1.ReasonReleased, "no policy selects the node: nodeaudit has nothing in its kernel"
		return
	default:
		return
	}
	if c.have.Status.Enabled == kernel.Locked {
		v.State, v.Reason = v1alpha1.NodeRebootPending, v1alpha1.ReasonRebootPending
		v.Message += "; the audit system is locked (enabled 2): reboot the node"
	}
}

func (c comparison) countRules() v1alpha1.RulesReport {
	report := v1alpha1.RulesReport{Wanted: int32(len(c.want.Rules))}
	for _, r := range c.want.Rules {
		if c.held(r) {
			report.Loaded++
		} else if len(report.Problems) < maxProblems {
			report.Problems = append(report.Problems, v1alpha1.RuleProblem{
				Rule: limit(r.Text, 4*maxText), Policy: r.Policies[0], Reason: strings.TrimPrefix(c.fate(r), "Rule"), Message: limit(c.why(r), maxText),
			})
		}
	}
	declared := c.want.declared()
	for w := range c.holds {
		if !declared[w] {
			report.Unmanaged++
		}
	}
	return report
}
