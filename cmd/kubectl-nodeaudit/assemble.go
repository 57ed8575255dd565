package main

import (
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// assemble puts the rules of inputs together as on a node: those of rules files, then those of policies as the controller orders them. Policies
// with an error are left out, as the controller does; so are those that cannot be on one node with another, which it returns.
func assemble(inputs []*input) ([]compiled, []finding) {
	var rules []compiled
	var problems []finding
	var policies []v1alpha1.AuditPolicy
	byName := map[string]*input{}
	for _, i := range inputs {
		switch {
		case i.policy == nil:
			rules = append(rules, i.compiled(i.rules, nodeconfig.Policy{})...)
		case i.wrong:
		case byName[i.name()] != nil:
			problems = append(problems, i.finding(isError, i.at, "a second policy is named "+i.name(), "name one of them otherwise, or leave one out"))
		default:
			byName[i.name()] = i
			policy := *i.policy.DeepCopy()
			policy.Spec.NodeSelector.Reset()
			policies = append(policies, policy)
		}
	}
	config, set, verdicts := compile.ForNode(compile.Node{OS: "linux"}, policies, nil, nil)
	for _, v := range verdicts {
		if v.Stalled() {
			i := byName[v.Policy]
			problems = append(problems, i.finding(isError, i.at, v.Message, ""))
		}
	}
	for _, p := range config.Policies {
		file, _ := rule.Parse(set[p.Name])
		rules = append(rules, byName[p.Name].compiled(file.Rules, p)...)
	}
	return rules, problems
}

// compiled returns rules with the places at which they stood in the input: a rule set has the rules of a policy in their
// order, and behind them those of its packs.
func (i *input) compiled(rules []rule.Rule, policy nodeconfig.Policy) []compiled {
	list := make([]compiled, len(rules))
	packed := i.packed()
	for n, r := range rules {
		at, pack := i.at, ""
		if n >= len(i.rules) {
			pack = packed[n-len(i.rules)].Pack
		} else {
			at, _ = i.locate(rule.Problem{Line: i.rules[n].Line(), Column: 1})
		}
		list[n] = compiled{
			File: i.file, Line: at.line, Policy: i.name(), Pack: pack, Mode: string(policy.Mode), Rule: r.String(), Keys: r.Keys(),
			rule: r, asWritten: policy.AsWritten,
		}
	}
	return list
}
