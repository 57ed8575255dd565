package compile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Fleet is all policies and sinks together. It is filled by NewFleet, Resolve and KeepAlso, in this order, and only read afterwards.
type Fleet struct {
	policies []*Policy
	verdicts []Verdict
	sinks    map[string]v1alpha1.AuditSinkSpec
	lastGood map[string]entry
}

// Selection says which policies of a Fleet select a node: one byte for each, in the order of the policies. Nodes of one selection get the
// same content.
type Selection string

const selected = '+'

// NewFleet puts policies in the order of their rules in the kernel: by priority, the highest first, then by name.
func NewFleet(policies []*Policy, sinks []v1alpha1.AuditSink) *Fleet {
	f := &Fleet{policies: slices.Clone(policies), sinks: make(map[string]v1alpha1.AuditSinkSpec, len(sinks)), lastGood: map[string]entry{}}
	slices.SortFunc(f.policies, func(a, b *Policy) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.verdict.Policy, b.verdict.Policy))
	})
	for _, sink := range sinks {
		if sink.Name != nodeconfig.DefaultSink {
			f.sinks[sink.Name] = defaulted(sink.Spec)
		}
	}
	for _, p := range f.policies {
		verdict := p.verdict
		verdict.MissingSinks = f.missing(p.entry.routes)
		f.verdicts = append(f.verdicts, verdict)
	}
	return f
}

// Select says which policies select the node, whether they compile or not.
func (f *Fleet) Select(node Node) Selection {
	marks := make([]byte, len(f.policies))
	for i, p := range f.policies {
		marks[i] = '-'
		if p.selects(node) {
			marks[i] = selected
		}
	}
	return Selection(marks)
}

// Names returns the names of the selected policies in the order of their rules.
func (f *Fleet) Names(selection Selection) []string {
	var names []string
	for i, p := range f.policies {
		if selection[i] == selected {
			names = append(names, p.verdict.Policy)
		}
	}
	return names
}

// Resolve stalls policies that cannot be on one node together. selections are all that occur. The later policy in the order is stalled, on
// every node, so that its author sees one answer and not one for each node.
func (f *Fleet) Resolve(selections []Selection) {
	for i := range f.policies {
		for _, selection := range selections {
			if selection[i] != selected || f.verdicts[i].Stalled() {
				continue
			}
			if message := cmp.Or(f.conflict(i, selection), f.overflow(i, selection)); message != "" {
				f.verdicts[i].Reason, f.verdicts[i].Message = v1alpha1.ReasonConflict, message
			}
		}
	}
}

// conflict compares policy i with those before it that have its priority.
func (f *Fleet) conflict(i int, selection Selection) string {
	for j := range i {
		if !f.effective(j, selection) || f.policies[j].priority != f.policies[i].priority {
			continue
		}
		mine, theirs := f.policies[i].entry.policy, f.policies[j].entry.policy
		if mine.Mode == v1alpha1.ModeObserve || theirs.Mode == v1alpha1.ModeObserve {
			continue
		}
		if differs := difference(mine.Kernel, theirs.Kernel); differs != "" {
			return fmt.Sprintf("%s in policy %s, which has the same priority and selects some of the same nodes: "+
				"ask for the same, or give one of them a higher priority", differs, theirs.Name)
		}
	}
	return ""
}

// overflow says that policy i is the one with which the content of a node no longer fits.
func (f *Fleet) overflow(i int, selection Selection) string {
	rules, config := 0, 0
	for j := range i + 1 {
		if j == i || f.effective(j, selection) {
			r, c := f.policies[j].entry.size()
			rules, config = rules+r, config+c
		}
	}
	if max(rules, config) <= maxSize {
		return ""
	}
	return tooLarge(max(rules, config))
}

func (f *Fleet) effective(i int, selection Selection) bool {
	return selection[i] == selected && !f.verdicts[i].Stalled()
}

// Verdicts returns the verdict on each policy, in the order of their rules.
func (f *Fleet) Verdicts() []Verdict { return slices.Clone(f.verdicts) }

// Holds says that a policy is stalled, so that the content of a node depends on what the node has.
func (f *Fleet) Holds() bool { return slices.ContainsFunc(f.verdicts, Verdict.Stalled) }

// missing returns the sinks that routes name and that do not exist.
func (f *Fleet) missing(routes []v1alpha1.Route) []string {
	var names []string
	for _, route := range routes {
		for _, name := range route.Sinks {
			if _, found := f.sinks[name]; !found && name != nodeconfig.DefaultSink {
				names = append(names, name)
			}
		}
	}
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names)
}
