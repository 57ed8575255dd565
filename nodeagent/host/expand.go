package host

import "github.com/nodeaudit/nodeaudit/api/rule"

// Expand returns rules with a rule for each of the host's Privileged programs in place of one with the placeholder rule.Privileged, so a host
// that has none gets none. Other rules stay as they are; without a placeholder among them nothing is searched for.
func (r *Root) Expand(rules []rule.Rule) []rule.Rule {
	expanded := make([]rule.Rule, 0, len(rules))
	for _, one := range rules {
		if name, _ := one.Placeholder(); name != rule.Privileged {
			expanded = append(expanded, one)
			continue
		}
		for _, path := range r.Privileged() {
			expanded = append(expanded, one.WithPath(path))
		}
	}
	return expanded
}
