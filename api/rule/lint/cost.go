package lint

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Load is what rules in the kernel cost, as an estimate.
type Load struct {
	// Rules is how many there are. A line that names two architectures has two.
	Rules int `json:"rules"`
	// Linear is how many of them every system call of every process walks.
	Linear int `json:"linear"`
	// Hashed is how many are found by the inode of a file, and cost nothing unless it is used.
	Hashed int `json:"hashed"`
	// Nanoseconds is what the linear ones add to a system call that no rule records, estimated for a process of a container.
	Nanoseconds int `json:"nanoseconds"`
}

// Cost is what a set of rules costs on a node.
type Cost struct {
	// Load is that of the rules as they are written.
	Load
	// Optimised is that of the rules that nodes make of them unless spec.optimize is false. Nil where there are too many to try.
	Optimised *Load `json:"optimised,omitempty"`
}

// String returns a sentence without a full stop.
func (c Cost) String() string {
	s := fmt.Sprintf("%s, %d walked by every system call and %d found by file: about %d ns for each system call",
		count(c.Rules, "rule"), c.Linear, c.Hashed, c.Nanoseconds)
	if o := c.Optimised; o != nil && *o != c.Load {
		s += fmt.Sprintf("; nodes make %d of them, %d walked: about %d ns", o.Rules, o.Linear, o.Nanoseconds)
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Nanoseconds of one step of the kernel, measured on Linux 6.18 and an x86_64 of 2024 with 50 to 1000 rules that do not match. The figures of
// docs/lint.md come from there.
const (
	missCached = 1.4 // the rule is not for this system call
	missFar    = 5.0 // the same, with a list that does not fit into the cache
	fewRules   = 50  // up to here the list is cached
	manyRules  = 200 // from here on it is not
	fieldTest  = 8.0 // an architecture, a number, a directory
	whoTest    = 15.0
	exeTest    = 43.0
)

// Cost estimates what the rules cost such a node.
func (t Target) Cost(rules []rule.Rule) Cost {
	s := newSet(t, rules)
	var wires, fewer []rule.Wire
	order := s.evaluated()
	for _, e := range order {
		wires = append(wires, e.wire)
	}
	c := Cost{Load: t.load(wires)}
	missing := len(rules) - c.Rules // which no such node has
	c.Rules += missing
	if result, done := s.optimised(order); done {
		for _, r := range result.Rules {
			fewer = append(fewer, r.Wire)
		}
		optimised := t.load(fewer)
		optimised.Rules += missing
		c.Optimised = &optimised
	}
	return c
}

// load estimates what rules in wire form cost, in this order.
func (t Target) load(wires []rule.Wire) Load {
	l := Load{Rules: len(wires)}
	var linear []rule.Parts
	for _, w := range wires {
		parts, err := w.Open()
		switch {
		case err != nil || parts.List != listExit:
		case slices.ContainsFunc(parts.Fields, byInode):
			l.Hashed++
		default:
			linear = append(linear, parts)
		}
	}
	l.Linear = len(linear)
	l.Nanoseconds = int(math.Round(t.walk(linear)))
	return l
}

// byInode says whether a field puts its rule into the table of inodes, kernel/auditfilter.c.
func byInode(f rule.Part) bool {
	return f.Field == fieldPath || f.Field == fieldInode && f.Op == opEqual
}

// walk is what a quiet system call pays for a list.
func (t Target) walk(list []rule.Parts) float64 {
	b64, b32 := rule.ABIs(cmp.Or(t.Machine, defaultMachine))
	native := cmp.Or(b64, b32)
	call, _ := rule.CallNumber(native, "getppid")
	far := min(1, max(0, float64(len(list)-fewRules)/(manyRules-fewRules)))
	total := 0.0
	for _, r := range list {
		total += missCached + far*(missFar-missCached)
		if r.Mask[call/32]&(1<<(call%32)) == 0 {
			continue
		}
		spent, matched := evaluate(r.Fields, native)
		if total += spent; matched {
			break
		}
	}
	return total
}

// evaluate is what looking at fields costs until one does not fit a quiet system call of a process in a container.
func evaluate(fields []rule.Part, native uint32) (spent float64, matched bool) {
	for _, f := range fields {
		fits := false
		switch f.Field {
		case fieldArch:
			spent += fieldTest
			fits = holds(native, f.Op, f.Value)
		case fieldAuid, fieldSession:
			spent += whoTest
			fits = holds(unset, f.Op, f.Value)
		case fieldSuccess:
			spent += fieldTest
			fits = holds(1, f.Op, f.Value)
		case fieldExe:
			spent += exeTest
		case fieldKey:
			fits = true
		default:
			spent += fieldTest
			fits = f.Op != opEqual && f.Field != fieldPerm && f.Field != fieldDir && f.Field != fieldExit
		}
		if !fits {
			return spent, false
		}
	}
	return spent, true
}
