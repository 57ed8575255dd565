package optimize

import (
	"cmp"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Rule is a rule as it was asked for.
type Rule struct {
	// Wire is the rule on this machine. Its request for the beginning of the list is not looked at: the order of the input counts.
	Wire rule.Wire
	// AsWritten keeps the rule as it is: it is not changed, dropped, merged or moved.
	AsWritten bool
	// Unsure says that the rule may not get into the kernel: it is kept AsWritten, and no other rule is dropped for its sake.
	Unsure bool
}

// Result is a rule set and what was noticed while it was made.
type Result struct {
	// Rules are distinct, and in the order in which the kernel should have them.
	Rules []Output
	// Findings are in the order of the rules that they are about.
	Findings []Finding
}

// Output is a rule for the kernel.
type Output struct {
	// Wire is in canonical form.
	Wire rule.Wire
	// From are the indices of the rules whose work it does, in ascending order. A rule that was dropped stands at the one that covers it.
	From []int
}

// Kind says what is the matter with a rule.
type Kind string

const (
	// Duplicate is a rule that is there already, perhaps with its fields in another order.
	Duplicate Kind = "Duplicate"
	// Redundant is a rule of which every event is recorded, or kept quiet, by an earlier one in the same way.
	Redundant Kind = "Redundant"
	// KeyHidden is a rule of which every event gets the keys of an earlier one.
	KeyHidden Kind = "KeyHidden"
	// Dead is a rule that can never decide, because an earlier one with the other action does, or because it contradicts itself.
	Dead Kind = "Dead"
)

// Finding is what is the matter with one rule.
type Finding struct {
	// Kind is what it is.
	Kind Kind
	// Rule is the index of the rule, By that of the one in front of it that is the reason; -1 where it is the rule itself.
	Rule, By int
}

// mostRules bounds the time, which grows with the square of the number: beyond it rules stay as they are.
const mostRules = 8192

// Rules returns a rule set that is cheaper and means the same on a machine, named as uname -m does. A rule that cannot be opened stays as it
// is, and nothing moves past it. So do all rules where there are more than 8,192.
func Rules(in []Rule, machine string) Result {
	s := set{machine: machine}
	for i, r := range in {
		r.AsWritten = r.AsWritten || len(in) > mostRules
		s.items = append(s.items, newItem(r, i, machine))
	}
	if len(in) > mostRules {
		return s.result()
	}
	for _, pass := range passes {
		pass.do(&s)
	}
	return s.result()
}

// set is a rule set on its way through the passes.
type set struct {
	machine  string
	items    []*item
	findings []Finding
}

// passes in their order: what finds rules to be superfluous comes first, and then again, because merged rules cover more. The order of fields
// comes before merging, which it makes no difference to, so that it is seen on which rule a finding is.
var passes = []struct {
	name string
	do   func(*set)
}{
	{"duplicates", (*set).dropDuplicates},
	{"shadow", (*set).dropCovered},
	{"merge", (*set).merge},
	{"shadow again", (*set).dropCovered},
	{"narrow", (*set).narrow},
	{"fields", (*set).sortFields},
	{"never first", (*set).hasten},
}

func (s *set) find(kind Kind, of *item, by int) {
	for _, i := range of.from {
		if !slices.ContainsFunc(s.findings, func(f Finding) bool { return f.Rule == i }) {
			s.findings = append(s.findings, Finding{Kind: kind, Rule: i, By: by})
		}
	}
}

// result joins what has become equal: the kernel takes no rule twice.
func (s *set) result() Result {
	var r Result
	at := map[rule.Wire]int{}
	for _, i := range s.items {
		w := i.wire()
		if n, twice := at[w]; twice {
			r.Rules[n].From = append(r.Rules[n].From, i.from...)
			continue
		}
		at[w] = len(r.Rules)
		r.Rules = append(r.Rules, Output{Wire: w, From: i.from})
	}
	for n := range r.Rules {
		slices.Sort(r.Rules[n].From)
	}
	slices.SortStableFunc(s.findings, func(a, b Finding) int { return cmp.Compare(a.Rule, b.Rule) })
	r.Findings = s.findings
	return r
}
