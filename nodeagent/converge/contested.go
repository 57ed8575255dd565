package converge

import (
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/contest"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// contested tells an observation what somebody keeps undoing.
func (c *Converger) contested(have *Have) {
	now := time.Now()
	state := c.contest.State(now)
	have.Contested, have.Held = map[thing]bool{}, map[thing]bool{}
	for name := range state.Until {
		have.Contested[thing(name)] = true
		have.Held[thing(name)] = state.Held(name, now)
	}
	maps.DeleteFunc(have.Held, func(_ thing, held bool) bool { return !held })
	if len(state.Until) > 0 {
		have.Rival = c.ledger.Drift.LastBy.String()
	}
}

// checkContested is about what somebody keeps undoing, whether it is in place just now or not: nobody can rely on it. A lock ends that.
func (c comparison) checkContested(p nodeconfig.Policy) (v1alpha1.NodeState, string, string) {
	rules, settings := c.contestedRules(p), c.contestedSettings(p)
	if rules+settings == 0 || p.Mode == v1alpha1.ModeObserve || c.have.Status.Enabled == kernel.Locked {
		return v1alpha1.NodeInSync, "", ""
	}
	state := v1alpha1.NodeRulesDiffer
	if rules == 0 {
		state = v1alpha1.NodeSettingsDiffer
	}
	return state, v1alpha1.ReasonContested, fmt.Sprintf("somebody keeps undoing %d rules and %d settings, last %s: let only one of the two manage "+
		"them. They are repaired less and less often, until they have stayed for %s", rules, settings, c.have.Rival, contest.Default.Window)
}

func (c comparison) contestedRules(p nodeconfig.Policy) int {
	n := 0
	for _, r := range c.want.Rules {
		if slices.Contains(r.Policies, p.Name) && r.Enforced && c.have.Contested[ruleThing(r.In)] {
			n++
		}
	}
	if p.UnmanagedRules == v1alpha1.UnmanagedRulesRemove {
		for t := range c.have.Contested {
			if _, stranger := cut(t, "stranger "); stranger {
				n++
			}
		}
	}
	return n
}

func (c comparison) contestedSettings(p nodeconfig.Policy) int {
	n := 0
	for name := range numbers(p.Kernel) {
		if c.have.Contested[settingThing(name)] {
			n++
		}
	}
	if c.have.Contested[settingThing(enabled)] && slices.ContainsFunc(c.want.Rules, func(r Rule) bool { return slices.Contains(r.Policies, p.Name) }) {
		n++
	}
	return n
}

func cut(t thing, prefix string) (string, bool) {
	if len(t) < len(prefix) || string(t[:len(prefix)]) != prefix {
		return "", false
	}
	return string(t[len(prefix):]), true
}

// contestReport is what the report says of it, and nil where nothing is contested.
func (c *Converger) contestReport() *v1alpha1.ContestReport {
	state := c.contest.State(time.Now())
	if len(state.Until) == 0 {
		return nil
	}
	report := &v1alpha1.ContestReport{Count: int32(len(state.Until)), Since: stamp(state.Since), By: c.ledger.Drift.LastBy}
	if wake := c.Wake(); !wake.IsZero() {
		report.NextRepair = new(stamp(wake))
	}
	return report
}

// Wake is when the next thing that is left alone now is to be repaired, which needs a pass. The zero time is never.
func (c *Converger) Wake() time.Time {
	var next time.Time
	if c.last == nil {
		return next
	}
	for name, until := range c.contest.State(time.Now()).Until {
		if c.last.owed[thing(name)] && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}

func stamp(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }
