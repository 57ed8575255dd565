package main

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/packs"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// expanded puts the programs of the node in place of placeholders, a rule for each.
func expanded(rules []compiled, node *host.Root) []compiled {
	var all []compiled
	for _, r := range rules {
		for _, one := range node.Expand([]rule.Rule{r.rule}) {
			r.rule, r.Rule = one, one.String()
			all = append(all, r)
		}
	}
	return all
}

// packed returns the rules of the packs that a policy names, as the controller appends them to its own.
func (i *input) packed() []compile.Packed {
	if i.policy == nil {
		return nil
	}
	rules, _ := compile.Packs(i.policy.Spec, i.rules) // what is not known is told by checkWords
	return rules
}

// all are the input's own rules and those of its packs.
func (i *input) all() []rule.Rule {
	all := slices.Clone(i.rules)
	for _, p := range i.packed() {
		all = append(all, p.Rule)
	}
	return all
}

// knownPacks leaves out what is no pack.
func knownPacks(names []v1alpha1.Pack) []v1alpha1.Pack {
	return slices.DeleteFunc(slices.Clone(names), func(name v1alpha1.Pack) bool { return !slices.Contains(packs.Names, string(name)) })
}
