package converge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// thing is what somebody can undo: a rule, a setting, or that a rule of others is out. It is the name under which it is contested.
type thing string

func ruleThing(w rule.Wire) thing     { return thing("rule ") + thing(w) }
func settingThing(name setting) thing { return thing("setting ") + thing(name) }
func strangerThing(w rule.Wire) thing { return thing("stranger ") + thing(w) }

// memory is what the last pass left behind, to tell drift from a new configuration.
type memory struct {
	digest string
	// inPlace are the things that were as they should be.
	inPlace map[thing]bool
	// owed are things that somebody has undone and that are left alone for now.
	owed map[thing]bool
	// alone says that rules of others were out.
	alone bool
}

// wrongs are things that are not as they should be, by what is wrong with them.
type wrongs struct {
	missing   []rule.Wire
	settings  map[setting]uint32 // what they should be
	strangers []rule.Wire
}

func (w wrongs) things() map[thing]bool {
	all := map[thing]bool{}
	for _, r := range w.missing {
		all[ruleThing(r)] = true
	}
	for name := range w.settings {
		all[settingThing(name)] = true
	}
	for _, r := range w.strangers {
		all[strangerThing(r)] = true
	}
	return all
}

// wrong compares a kernel with what it should have. Rules that only wait for something are missing too.
func wrong(want Want, have Have) wrongs {
	holds := have.holds()
	w := wrongs{settings: unequal(targets(want, have), have.settings())}
	for _, l := range want.Load {
		if !holds[l.Wire] {
			w.missing = append(w.missing, l.Wire)
		}
	}
	if declared := want.declared(); want.RemoveUnmanaged {
		for _, r := range have.Rules {
			if !declared[r] {
				w.strangers = append(w.strangers, r)
			}
		}
	}
	return w
}

// remember notes how things are after a pass.
func remember(digest string, want Want, after Have, owed map[thing]bool) *memory {
	m := &memory{digest: digest, inPlace: map[thing]bool{}, owed: owed}
	holds, differ := after.holds(), wrong(want, after)
	for w := range want.declared() {
		m.inPlace[ruleThing(w)] = holds[w]
	}
	for _, l := range want.Load {
		m.inPlace[ruleThing(l.Wire)] = holds[l.Wire]
	}
	for name := range targets(want, after) {
		_, differs := differ.settings[name]
		m.inPlace[settingThing(name)] = !differs
	}
	m.alone = want.RemoveUnmanaged && len(differ.strangers) == 0
	return m
}

// undone picks from what is wrong what others have made so since the last pass, or before while it was left alone.
func (m *memory) undone(w wrongs) wrongs {
	ours := func(t thing) bool { return m.inPlace[t] || m.owed[t] }
	w.missing = slices.DeleteFunc(w.missing, func(r rule.Wire) bool { return !ours(ruleThing(r)) })
	w.settings = maps.Clone(w.settings)
	maps.DeleteFunc(w.settings, func(name setting, _ uint32) bool { return !ours(settingThing(name)) })
	w.strangers = slices.DeleteFunc(w.strangers, func(r rule.Wire) bool { return !m.alone && !m.owed[strangerThing(r)] })
	return w
}

// repaired picks what is right now. What a round has to do with a rule that the kernel dropped with its directory waits for it to come back.
func (w wrongs) repaired(still map[thing]bool) wrongs {
	w.missing = slices.DeleteFunc(slices.Clone(w.missing), func(r rule.Wire) bool { return still[ruleThing(r)] })
	w.settings = maps.Clone(w.settings)
	maps.DeleteFunc(w.settings, func(name setting, _ uint32) bool { return still[settingThing(name)] })
	w.strangers = slices.DeleteFunc(slices.Clone(w.strangers), func(r rule.Wire) bool { return still[strangerThing(r)] })
	return w
}

// message says what it was, and is empty where it was nothing.
func (w wrongs) message(before map[setting]uint32, readable func(rule.Wire) string) string {
	var parts []string
	if len(w.missing) > 0 {
		parts = append(parts, fmt.Sprintf("%d rules had been deleted, among them %s", len(w.missing), short(readable(w.missing[0]))))
	}
	if len(w.settings) > 0 {
		parts = append(parts, sentence(w.settings, before))
	}
	if len(w.strangers) > 0 {
		parts = append(parts, fmt.Sprintf("%d rules that no policy declares had been added", len(w.strangers)))
	}
	return strings.Join(parts, "; ")
}

// countDrift compares with what the last pass left behind, and says whether something was repaired. Only what was repaired counts.
func (c *Converger) countDrift(digest string, want Want, before, after Have) bool {
	if before.Err != nil || after.Err != nil {
		return false
	}
	last, still := c.last, wrong(want, after).things()
	if last == nil || last.digest != digest {
		c.last, c.changes = remember(digest, want, after, nil), nil
		return false
	}
	undone := last.undone(wrong(want, before))
	owed := undone.things()
	maps.DeleteFunc(owed, func(t thing, _ bool) bool { return !still[t] || !after.Held[t] })
	c.last = remember(digest, want, after, owed)
	repaired := undone.repaired(still)
	message := repaired.message(before.settings(), c.readable)
	if message == "" {
		c.blameLate()
		return false
	}
	var names []string
	for t := range repaired.things() {
		names = append(names, string(t))
	}
	c.contest.Repaired(names, time.Now())
	c.ledger = c.ledger.clone()
	c.ledger.Drift = v1alpha1.DriftReport{Count: c.ledger.Drift.Count + 1, LastTime: now(), LastMessage: limit(message, 1024), LastBy: c.blame(repaired)}
	c.changes = nil
	c.options.Log.Warn("repaired what somebody changed", "drift", message, "by", c.ledger.Drift.LastBy.String())
	c.saveDrift()
	return true
}

func (c *Converger) saveDrift() {
	if err := c.store.save(c.ledger); err != nil {
		c.options.Log.Error("the count of drift will be lost at the next start", "err", err)
	}
}
