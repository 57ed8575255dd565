package converge

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// memory is what the last pass left behind, to tell drift from a new configuration.
type memory struct {
	digest string
	// loaded are the enforced rules in the kernel, settled says that no setting differed, and alone that rules of others were out.
	loaded         map[rule.Wire]bool
	settled, alone bool
}

func remember(digest string, want Want, after Have) *memory {
	m := &memory{digest: digest, loaded: map[rule.Wire]bool{}, settled: unequal(targets(want, after), after.settings()) == nil}
	holds, declared := after.holds(), 0
	for w := range want.declared() {
		if holds[w] {
			declared++
			m.loaded[w] = false
		}
	}
	for _, l := range want.Load {
		m.loaded[l.Wire] = holds[l.Wire]
	}
	m.alone = want.RemoveUnmanaged && declared == len(holds)
	return m
}

// countDrift compares with what the last pass left behind. Only what was repaired counts: a rule that the kernel dropped with its directory
// waits for it to come back.
func (c *Converger) countDrift(digest string, want Want, before, after Have) {
	if before.Err != nil || after.Err != nil {
		return
	}
	last := c.last
	c.last = remember(digest, want, after)
	if last == nil || last.digest != digest {
		return
	}
	message := last.drift(want, before, after, c.readable)
	if message == "" {
		return
	}
	c.ledger = c.ledger.clone()
	c.ledger.Drift.Count++
	c.ledger.Drift.LastTime = now()
	c.ledger.Drift.LastMessage = limit(message, 1024)
	c.options.Log.Warn("repaired what somebody changed", "drift", message)
	if err := c.store.save(c.ledger); err != nil {
		c.options.Log.Error("the count of drift will be lost at the next start", "err", err)
	}
}

// drift says what others changed between two passes and the second one repaired.
func (m *memory) drift(want Want, before, after Have, readable func(rule.Wire) string) string {
	then, now := before.holds(), after.holds()
	var back []rule.Wire
	for _, w := range slices.Sorted(maps.Keys(m.loaded)) {
		if m.loaded[w] && !then[w] && now[w] {
			back = append(back, w)
		}
	}
	wrong := unequal(targets(want, before), before.settings())
	switch {
	case len(back) > 0:
		return fmt.Sprintf("%d rules had been deleted, among them %s", len(back), short(readable(back[0])))
	case m.settled && wrong != nil && unequal(targets(want, after), after.settings()) == nil:
		return sentence(wrong, before.settings())
	case m.alone && len(then) > len(now):
		return fmt.Sprintf("%d rules that no policy declares had been added", len(then)-len(now))
	default:
		return ""
	}
}
