package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// verdict tells what the controller says beside what is wrong with single lines, which is told line by line. A rules file is judged as the
// policy that it could become.
func (i *input) verdict(text string, told []rule.Problem) []finding {
	var found []finding
	policy := cmp.Or(i.policy, &v1alpha1.AuditPolicy{}).DeepCopy()
	policy.Spec.Rules, policy.Spec.Packs = text, knownPacks(policy.Spec.Packs)
	digest := lint.Digest(append(slices.Clone(told), lint.Rules(i.rules, "")...))
	for _, warning := range judge(policy).Warnings {
		if !slices.Contains(digest, warning) {
			found = append(found, i.finding(isWarning, i.at, warning, ""))
		}
	}
	policy.Spec.Rules = canonical(i.rules) // which has no wrong lines
	if v := judge(policy); v.Stalled() {
		found = append(found, i.finding(isError, i.at, v.Message, ""))
	}
	return found
}

// judge compiles a policy on its own.
func judge(policy *v1alpha1.AuditPolicy) compile.Verdict {
	return compile.NewFleet([]*compile.Policy{compile.ForPolicy(policy)}, nil).Verdicts()[0]
}

func canonical(rules []rule.Rule) string {
	var text strings.Builder
	for _, r := range rules {
		text.WriteString(r.String() + "\n")
	}
	return text.String()
}
