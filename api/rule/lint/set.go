package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// set is the rules of one call, with what has been found.
type set struct {
	Target
	entries []entry
	found   []rule.Problem
	told    map[told]bool
	// superfluous are lines whose rule may go.
	superfluous map[int]bool
}

type told struct {
	check   string
	line    int
	message string
}

// entry is a rule in both forms. Where it has no wire form on the target, known is false and only the rule counts.
type entry struct {
	rule  rule.Rule
	wire  rule.Wire
	parts rule.Parts
	known bool
	err   error // why it is not known
	names []string
	all   bool
}

// others are tried where the machine is not known and x86_64 lacks what a rule names.
var others = []string{defaultMachine, "aarch64", "s390x", "ppc64le", "riscv64", "i686", "armv7l"}

const defaultMachine = "x86_64"

func newSet(t Target, rules []rule.Rule) *set {
	s := &set{Target: t, told: map[told]bool{}, superfluous: map[int]bool{}}
	machines := others
	if t.Machine != "" {
		machines = []string{t.Machine}
	}
	h := newHost(t.Files, rules)
	for _, r := range rules {
		s.entries = append(s.entries, newEntry(r, h, machines))
	}
	return s
}

func newEntry(r rule.Rule, h *host, machines []string) entry {
	e := entry{rule: r}
	e.names, e.all = r.Calls()
	placed := r
	if name, open := r.Placeholder(); open { // the programs that it stands for are files like any other
		placed = r.WithPath("/" + name)
	}
	for _, h.machine = range machines {
		wire, err := placed.Encode(h)
		if err != nil {
			e.err = err
			continue
		}
		if e.parts, err = wire.Open(); err == nil {
			e.wire, e.known, e.err = wire, true, nil
			break
		}
	}
	return e
}

// tell adds a problem, once for a line that gives several rules.
func (s *set) tell(check string, r rule.Rule, fix, format string, args ...any) {
	s.tellOf(check, r, 0, fix, format, args...)
}

// tellOf adds a problem whose message names the line of another rule.
func (s *set) tellOf(check string, r rule.Rule, other int, fix, format string, args ...any) {
	p := rule.Problem{
		Severity: checks[rank(check)].Severity, Check: check, Line: r.Line(), Column: 1, Message: fmt.Sprintf(format, args...), Fix: fix, Other: other,
	}
	key := told{check, p.Line, p.Message}
	if !s.told[key] {
		s.told[key] = true
		s.found = append(s.found, p)
	}
}

// evaluated returns the entries that have a wire form, in the order in which the kernel looks at them.
func (s *set) evaluated() []*entry {
	var first, last []*entry
	for i := range s.entries {
		e := &s.entries[i]
		switch {
		case !e.known:
		case e.parts.First:
			first = append(first, e)
		default:
			last = append(last, e)
		}
	}
	slices.Reverse(first)
	return append(first, last...)
}

// field returns the entry's first field of a number, nil where there is none.
func (e *entry) field(id uint32) *rule.Part {
	if i := slices.IndexFunc(e.parts.Fields, func(f rule.Part) bool { return f.Field == id }); i >= 0 {
		return &e.parts.Fields[i]
	}
	return nil
}

// bare says whether the entry has no other fields than these.
func (e *entry) bare(ids ...uint32) bool {
	return !slices.ContainsFunc(e.parts.Fields, func(f rule.Part) bool { return !slices.Contains(ids, f.Field) })
}

// isWatch says whether the rule is written as -w.
func (e *entry) isWatch() bool { return strings.HasPrefix(e.rule.String(), "-w ") }
