package optimize

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// merge joins rules that differ in their system calls only, or in their permissions only. One of the two moves to the other, so that every rule
// on the way must not care.
func (s *set) merge() {
	for later := 0; later < len(s.items); later++ {
		if s.mergeWithEarlier(later) {
			later--
		}
	}
}

// mergeWithEarlier says whether the rule is gone: into an earlier one, or an earlier one into it.
func (s *set) mergeWithEarlier(later int) bool {
	for earlier := range later {
		a, b := s.items[earlier], s.items[later]
		joined, is := join(a, b)
		if !is {
			continue
		}
		between := s.items[earlier+1 : later]
		stay, gone := earlier, later
		switch {
		case all(between, b.passable):
		case all(between, a.passable):
			stay, gone = later, earlier
		default:
			continue
		}
		s.items[stay].become(joined, s.machine)
		s.items[stay].from = slices.Concat(a.from, b.from)
		s.items = slices.Delete(s.items, gone, gone+1)
		return true
	}
	return false
}

func all(items []*item, is func(*item) bool) bool {
	return !slices.ContainsFunc(items, func(i *item) bool { return !is(i) })
}

// join returns the rule that matches what one of the two does, where there is one.
func join(a, b *item) (rule.Parts, bool) {
	if a.shape != b.shape || !a.plain() || !b.plain() {
		return rule.Parts{}, false
	}
	joined := a.parts
	joined.Fields = slices.Clone(joined.Fields)
	if slices.Equal(a.conditions, b.conditions) {
		for n, word := range b.parts.Mask {
			joined.Mask[n] |= word
		}
		return joined, true
	}
	if a.parts.Mask != b.parts.Mask {
		return rule.Parts{}, false
	}
	bits, is := samePermissions(a.conditions, b.conditions)
	for n := range joined.Fields {
		if joined.Fields[n].Field == fieldPerm {
			joined.Fields[n].Value |= bits
		}
	}
	return joined, is
}

// samePermissions returns the permissions of b, where a and b have one condition on them each and agree in all others.
func samePermissions(a, b []rule.Part) (bits uint32, is bool) {
	found := 0
	for n, p := range a {
		q := b[n]
		if p.Field == fieldPerm && q.Field == fieldPerm && p.Op == opEqual && q.Op == opEqual {
			found, bits = found+1, q.Value
			continue
		}
		if p != q {
			return 0, false
		}
	}
	return bits, found == 1
}

// become makes the item another rule.
func (i *item) become(p rule.Parts, machine string) {
	i.parts, i.changed = p, true
	i.look(machine)
}
