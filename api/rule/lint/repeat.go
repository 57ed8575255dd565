package lint

import (
	"cmp"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
)

// mostCompared is how many rules are compared with each other: the time grows with the square. No node has so many.
const mostCompared = 1000

// optimised is what nodes make of the entries. It is false where they are too many.
func (s *set) optimised(order []*entry) (optimize.Result, bool) {
	if len(order) > mostCompared {
		return optimize.Result{}, false
	}
	rules := make([]optimize.Rule, len(order))
	for i, e := range order {
		rules[i].Wire = e.wire
	}
	return optimize.Rules(rules, cmp.Or(s.Machine, defaultMachine)), true
}

// repeated finds rules that can never be the first to match an event.
func (s *set) repeated() {
	order := s.evaluated()
	result, done := s.optimised(order)
	if !done {
		s.equal(order)
	}
	for _, f := range result.Findings {
		e := order[f.Rule]
		if f.By < 0 {
			s.tell(deadRule, e.rule, "correct them, or remove the rule", "its conditions contradict each other, so it never matches")
			continue
		}
		s.covered(f.Kind, e, order[f.By].rule.Line())
	}
}

// equal finds rules that are exactly like an earlier one, which is quick.
func (s *set) equal(order []*entry) {
	first := map[rule.Wire]*entry{}
	for _, e := range order {
		w := e.wire.Canonical()
		if first[w] == nil {
			first[w] = e
			continue
		}
		s.covered(optimize.Duplicate, e, first[w].rule.Line())
	}
}

// covered tells of a rule all of whose events meet the one in another line first.
func (s *set) covered(kind optimize.Kind, e *entry, line int) {
	r := e.rule
	switch {
	case kind == optimize.Duplicate:
		s.tellOf(duplicate, r, line, "remove one, the kernel takes it once", "the same rule as in line %d", line)
		s.superfluous[r.Line()] = true
	case kind == optimize.Redundant:
		s.tellOf(redundant, r, line, "remove it", "the rule in line %d does all that it does", line)
		s.superfluous[r.Line()] = true
	case kind == optimize.KeyHidden && len(r.Keys()) == 0:
		s.tellOf(shadowed, r, line, "remove it, or put it before that rule", "the rule in line %d records all of its events, with a key", line)
	case kind == optimize.KeyHidden:
		s.tellOf(shadowed, r, line, "put it before that rule, or give both the same key",
			"the rule in line %d records all of its events, so the key %s never appears", line, strings.Join(r.Keys(), ", "))
	case e.parts.Never:
		s.tellOf(deadRule, r, line, "put it before that rule", "the rule in line %d records all that it should keep quiet", line)
	default:
		s.tellOf(deadRule, r, line, "put it before that rule, or remove it", "the rule in line %d keeps quiet all that it should record", line)
	}
}

// isBeside says whether a problem is about a rule that is to be removed anyhow.
func (s *set) isBeside(p rule.Problem) bool {
	return s.superfluous[p.Line] && p.Check != duplicate && p.Check != redundant
}
