package optimize

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// item is a rule with what the passes ask about it.
type item struct {
	given   rule.Wire
	parts   rule.Parts
	changed bool
	from    []int
	fixed   bool
	unsure  bool
	opaque  bool

	// calls are the system calls with which the rule can match: fewer than its mask where it asks for a permission.
	calls rule.Calls
	// conditions are the fields but for the keys, sorted, and spans the values that its numeric ones leave.
	conditions []rule.Part
	spans      []span
	// tests are the conditions in the order in which they tell rules apart: texts first.
	tests []test
	keys  string
	// shape is equal for rules that differ in nothing but their system calls and permissions, so that most pairs need no closer look.
	shape string
	// inode says that the kernel has the rule not in its list but in the hash of the inodes of files.
	inode bool
}

func newItem(r Rule, index int, machine string) *item {
	i := &item{given: r.Wire.Canonical(), from: []int{index}, fixed: r.AsWritten || r.Unsure, unsure: r.Unsure}
	var err error
	if i.parts, err = i.given.Open(); err != nil {
		i.opaque, i.fixed, i.shape = true, true, string(i.given)
		return i
	}
	i.look(machine)
	return i
}

// test is a condition, with its span where it is on one number.
type test struct {
	rule.Part
	span   span
	spans  bool
	isText bool
}

// look fills in what follows from the parts.
func (i *item) look(machine string) {
	i.calls = effective(i.parts, machine)
	i.conditions, i.spans, i.keys, i.inode = nil, nil, "", false
	for _, p := range i.parts.Fields {
		if p.Field == fieldKey {
			i.keys = p.Text
			continue
		}
		i.conditions = append(i.conditions, p)
		i.spans = narrowSpans(i.spans, p)
		i.inode = i.inode || p.Field == fieldPath || p.Field == fieldInode
	}
	slices.SortFunc(i.conditions, compareParts)
	i.tests = nil
	for _, p := range i.conditions {
		s, is := spanOf(p)
		i.tests = append(i.tests, test{p, s, is, p.IsText()})
	}
	slices.SortStableFunc(i.tests, func(a, b test) int { return cmp.Compare(order(a), order(b)) })
	i.shape = i.outline()
}

func order(t test) int {
	if t.isText {
		return 0
	}
	return 1
}

// outline puts together what shape is made of.
func (i *item) outline() string {
	b := fmt.Appendf(nil, "%d %t %q", i.parts.List, i.parts.Never, i.keys)
	for _, p := range i.conditions {
		if p.Field == fieldPerm {
			p.Value = 0
		}
		b = fmt.Appendf(b, " %d %d %d %q", p.Field, p.Op, p.Value, p.Text)
	}
	return string(b)
}

// wire is the rule in canonical form.
func (i *item) wire() rule.Wire {
	if !i.changed {
		return i.given
	}
	return i.parts.Wire().Canonical()
}

// plain says that the passes may change the rule.
func (i *item) plain() bool { return !i.fixed && i.parts.List == listExit }

// agrees says whether the two rules do the same to an event.
func (i *item) agrees(other *item) bool {
	return i.parts.Never == other.parts.Never && i.keys == other.keys
}

// contradicts says that the rule matches nothing.
func (i *item) contradicts() bool {
	if i.opaque {
		return false
	}
	return i.parts.List == listExit && i.calls == rule.Calls{} || slices.ContainsFunc(i.spans, span.empty)
}

// apart says whether no event can match both rules.
func (i *item) apart(other *item) bool {
	common := false
	for n, word := range i.calls {
		common = common || word&other.calls[n] != 0
	}
	if !common {
		return true
	}
	for _, s := range i.spans {
		for _, t := range other.spans {
			if s.field == t.field && s.and(t).empty() {
				return true
			}
		}
	}
	return false
}

// passable says whether it makes no difference which of two neighbouring rules comes first. The kernel goes through the list first, and then
// through the files that the system call touched, in their order, until a rule on one of them matches that stands before the one of the list.
// So a rule of the list and one on a file can only change places where no event matches both: even where they do the same, the change could
// keep the kernel from looking at the next file. The rules of io_uring have a list of their own, but share the files.
func (i *item) passable(other *item) bool {
	switch {
	case i.opaque || other.opaque:
		return false
	case i.parts.List != other.parts.List && !i.sharesFiles(other):
		return true
	case i.parts.List != other.parts.List:
		return false
	case i.apart(other):
		return true
	default:
		return i.inode == other.inode && i.agrees(other)
	}
}

// sharesFiles says that rules of two lists can meet.
func (i *item) sharesFiles(other *item) bool {
	return (i.inode || other.inode) && (i.parts.List == listURing || other.parts.List == listURing)
}

// effective are the calls of the mask with which the permission can be fulfilled.
func effective(p rule.Parts, machine string) rule.Calls {
	calls := rule.Calls(p.Mask)
	possible, known := permitted(p, machine)
	if p.List != listExit || !known {
		return calls
	}
	for n := range calls {
		calls[n] &= possible[n]
	}
	return calls
}
