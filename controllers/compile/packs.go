package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/packs"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Packed is a rule of a pack.
type Packed struct {
	// Pack is the pack's name.
	Pack string
	// Rule is the rule.
	Rule rule.Rule
}

// Packs returns the rules of the policy's packs in order, without those that its own rules or an earlier pack have. problems say what keeps
// the policy from compiling; there are none as long as the packs are those of the enum.
func Packs(spec v1alpha1.AuditPolicySpec, own []rule.Rule) (rules []Packed, problems []string) {
	seen := map[string]bool{}
	for _, r := range own {
		seen[r.String()] = true
	}
	for _, name := range spec.Packs {
		pack, found := packs.Find(string(name))
		if !found {
			problems = append(problems, fmt.Sprintf("pack %q is not known: write one of %s, or wait until the controller is as new as the policy",
				name, strings.Join(packs.Names, ", ")))
			continue
		}
		parsed, wrong := pack.Parse(parameters(spec.PackParameters))
		for _, problem := range wrong {
			problems = append(problems, fmt.Sprintf("pack %s, %s", name, problem))
		}
		for _, r := range parsed {
			if text := r.String(); !seen[text] {
				seen[text] = true
				rules = append(rules, Packed{string(name), r})
			}
		}
	}
	return rules, problems
}

func parameters(given v1alpha1.PackParameters) packs.Parameters {
	if given.UIDMin == nil {
		return packs.Parameters{}
	}
	return packs.Parameters{UIDMin: uint32(*given.UIDMin)}
}

// withPacks appends the rules of packs to the policy's own.
func withPacks(own []rule.Rule, packed []Packed) []rule.Rule {
	all := slices.Clone(own)
	for _, p := range packed {
		all = append(all, p.Rule)
	}
	return all
}
