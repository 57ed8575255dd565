package ruletest

import (
	"fmt"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Set is a rule set as the kernel has it: rules on files in a hash of inodes, the others in a list.
type Set struct {
	rules  []*loaded
	byCall map[uint32]*candidates
}

// candidates are the rules whose mask has a system call.
type candidates struct{ list, files []*loaded }

// loaded is a rule with the priority that it got when it was added: the first of a list has the highest.
type loaded struct {
	index, priority int
	list            uint32
	never           bool
	keys            string
	keyed           bool
	file            bool
	mask            rule.Calls
	conditions      []condition
}

type condition struct {
	field, op, value uint32
	name             Name
}

// Load makes a set of rules in wire form, in the order in which they are in the kernel.
func Load(rules []rule.Wire, names *Names) (*Set, error) {
	s := &Set{byCall: map[uint32]*candidates{}}
	for n, w := range rules {
		p, err := w.Open()
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", n, err)
		}
		l := &loaded{index: n, priority: len(rules) - n, list: p.List, never: p.Never, mask: rule.Calls(p.Mask)}
		for _, f := range p.Fields {
			c := condition{field: f.Field, op: f.Op, value: f.Value, name: -1}
			if f.IsText() {
				c.name = names.Of(f.Text)
			}
			switch f.Field {
			case fieldKey:
				l.keys, l.keyed = f.Text, true
				continue
			case fieldPath, fieldInode:
				l.file = true
			}
			l.conditions = append(l.conditions, c)
		}
		s.rules = append(s.rules, l)
	}
	return s, nil
}

func (s *Set) candidates(call uint32) *candidates {
	if c, known := s.byCall[call]; known {
		return c
	}
	c := &candidates{}
	for _, r := range s.rules {
		switch {
		case r.list != listExit || !r.mask.Has(call):
		case r.file:
			c.files = append(c.files, r)
		default:
			c.list = append(c.list, r)
		}
	}
	s.byCall[call] = c
	return c
}

// Decide returns what becomes of a system call, and the rule that decided; -1 is none.
func (s *Set) Decide(e *Event) (Outcome, int) {
	var state struct {
		priority, index int
		recorded        bool
		keys            string
	}
	state.index = -1
	take := func(r *loaded) {
		state.priority, state.index, state.recorded = r.priority, r.index, !r.never
		if r.keyed { // a rule without a key leaves that of the one before
			state.keys = r.keys
		}
	}
	c := s.candidates(e.Call)
	for _, r := range c.list {
		if r.matches(e, nil) {
			take(r)
			break
		}
	}
	if f := firstOnFile(c.files, e, state.priority); f != nil {
		take(f)
	}
	if !state.recorded {
		return Outcome{}, state.index
	}
	return Outcome{true, state.keys}, state.index
}

// firstOnFile goes through the files in their order, and ends at the first on which a rule of a higher priority matches.
func firstOnFile(rules []*loaded, e *Event, priority int) *loaded {
	for n := range e.Files {
		for _, r := range rules {
			if r.priority > priority && r.onChain(&e.Files[n]) && r.matches(e, &e.Files[n]) {
				return r
			}
		}
	}
	return nil
}

// onChain says whether the kernel meets the rule when it looks for those on the inode. A path is compared with the inode anyway.
func (r *loaded) onChain(f *File) bool {
	const buckets = 32
	for _, c := range r.conditions {
		if c.field == fieldInode {
			return c.value%buckets == f.Inode%buckets
		}
	}
	return true
}

// matches goes through the conditions, with the file on which the rule was found or, for the list, with nil.
func (r *loaded) matches(e *Event, f *File) bool {
	for n := range r.conditions {
		if !r.conditions[n].holds(e, f) {
			return false
		}
	}
	return true
}
