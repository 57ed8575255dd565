package optimize

import (
	"slices"
)

// dropDuplicates drops rules that are there already: the kernel refuses them.
func (s *set) dropDuplicates() {
	s.drop(func(earlier, later *item) bool {
		return earlier.shape == later.shape && (earlier.given == later.given ||
			!later.fixed && !earlier.unsure && later.parts.List == listExit &&
				earlier.parts.Mask == later.parts.Mask && slices.Equal(earlier.conditions, later.conditions))
	}, Duplicate)
}

// dropCovered drops rules of which every event meets an earlier rule that does the same, and reports those that it hides otherwise.
func (s *set) dropCovered() {
	for _, i := range s.items {
		if i.contradicts() {
			s.find(Dead, i, -1)
		}
	}
	s.drop(func(earlier, later *item) bool {
		if earlier.unsure || !earlier.covers(later) || later.contradicts() {
			return false
		}
		switch {
		case earlier.parts.Never != later.parts.Never:
			s.find(Dead, later, earlier.from[0])
		case earlier.keys != later.keys && !later.parts.Never:
			s.find(KeyHidden, later, earlier.from[0])
		default:
			s.find(Redundant, later, earlier.from[0])
			return later.plain() && earlier.agrees(later)
		}
		return false
	}, Redundant)
}

// drop takes out each rule for which needless says so of an earlier one. The first of them takes over its work.
func (s *set) drop(needless func(earlier, later *item) bool, kind Kind) {
	var kept []*item
	for _, later := range s.items {
		at := slices.IndexFunc(kept, func(earlier *item) bool { return needless(earlier, later) })
		if at < 0 {
			kept = append(kept, later)
			continue
		}
		s.find(kind, later, kept[at].from[0])
		kept[at].from = append(kept[at].from, later.from...)
		kept[at].fixed, kept[at].unsure = kept[at].fixed || later.fixed, kept[at].unsure || later.unsure
	}
	s.items = kept
}

// covers says whether every event that matches the later rule matches this one too. A path or an exe is the same only where its text is: a rule
// for a directory does not cover those for what is in it, because file systems may be mounted there.
func (i *item) covers(later *item) bool {
	if i.opaque || later.opaque || i.parts.List != listExit || later.parts.List != listExit {
		return false
	}
	for n := range i.tests {
		if !later.implies(&i.tests[n]) {
			return false
		}
	}
	for n, word := range later.calls {
		if word&^i.parts.Mask[n] != 0 {
			return false
		}
	}
	return true
}

// implies says whether the conditions of the rule leave no event that fails t.
func (i *item) implies(t *test) bool {
	if t.spans {
		return slices.ContainsFunc(i.spans, func(s span) bool { return s.field == t.Field && s.within(t.span) })
	}
	for n := range i.tests {
		u := &i.tests[n]
		if t.isText && !u.isText {
			return false // texts come first
		}
		if u.Part == t.Part || t.Field == fieldPerm && u.Field == fieldPerm && u.Op == opEqual && t.Op == opEqual && u.Value&^t.Value == 0 {
			return true
		}
	}
	return false
}
