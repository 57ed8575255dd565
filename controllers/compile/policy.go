package compile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// maxErrors is how many errors of one policy its message tells: a person mends a few at a time.
const maxErrors = 5

// Policy is one policy, compiled. It does not change after ForPolicy, so it may be shared.
type Policy struct {
	priority int32
	selects  func(Node) bool
	entry    entry
	verdict  Verdict
}

// entry is what one policy puts into a node's configuration.
type entry struct {
	policy nodeconfig.Policy
	rules  string
	routes []v1alpha1.Route
}

// ForPolicy compiles what can be compiled without knowing other policies, sinks or nodes.
func ForPolicy(policy *v1alpha1.AuditPolicy) *Policy {
	file, problems := rule.Parse(policy.Spec.Rules)
	packed, unpackable := Packs(policy.Spec, file.Rules)
	kernel, remarks := kernelSettings(policy.Spec.Kernel, file.Settings)
	p := &Policy{
		priority: policy.Spec.Priority,
		verdict:  Verdict{Policy: policy.Name, Warnings: append(lint.Digest(append(slices.Clone(problems), lint.Rules(file.Rules, "")...)), remarks...)},
		entry: entry{
			policy: nodeconfig.Policy{
				Name:           policy.Name,
				Generation:     policy.Generation,
				Mode:           cmp.Or(policy.Spec.Mode, v1alpha1.ModeEnforce),
				Kernel:         kernel,
				UnmanagedRules: unmanaged(policy.Spec.UnmanagedRules),
				Collect:        collect(policy.Spec.Collect),
				Boot:           demanded(policy.Spec.Boot),
				RebootSignal:   signal(policy.Spec.Reboot),
				AsWritten:      policy.Spec.Optimize != nil && !*policy.Spec.Optimize,
			},
			rules:  canonical(withPacks(file.Rules, packed)),
			routes: qualified(policy.Name, policy.Spec.Routes),
		},
	}
	var err error
	if p.selects, err = selector(policy.Spec.NodeSelector); err != nil {
		p.stall(v1alpha1.ReasonInvalidSelector, fmt.Sprintf("nodeSelector: %v: correct it", err))
	}
	errs := texts(problems, rule.Error)
	if len(errs) > 0 {
		p.stall(v1alpha1.ReasonInvalidRules, "rules: "+summary(errs))
	}
	if len(unpackable) > 0 {
		p.stall(v1alpha1.ReasonInvalidRules, "packs: "+summary(unpackable))
	}
	if wrong := routeProblems(policy.Spec.Routes); len(wrong) > 0 {
		p.stall(v1alpha1.ReasonInvalidRoutes, "routes: "+summary(wrong))
	}
	if rules, config := p.entry.size(); len(errs)+len(unpackable) == 0 && max(rules, config) > maxSize {
		p.stall(v1alpha1.ReasonConflict, tooLarge(max(rules, config)))
	}
	return p
}

func (p *Policy) stall(reason, message string) {
	if p.verdict.Stalled() {
		p.verdict.Message += "; " + message
		return
	}
	p.verdict.Reason, p.verdict.Message = reason, message
}

// canonical prints rules as a rule set has them.
func canonical(rules []rule.Rule) string {
	var text strings.Builder
	for _, r := range rules {
		text.WriteString(r.String())
		text.WriteByte('\n')
	}
	return text.String()
}

// unmanaged leaves the default out of the document.
func unmanaged(asked v1alpha1.UnmanagedRules) v1alpha1.UnmanagedRules {
	if asked == v1alpha1.UnmanagedRulesRemove {
		return asked
	}
	return ""
}

// demanded leaves out what demands nothing, as unmanaged does.
func demanded(boot v1alpha1.BootSettings) v1alpha1.BootSettings {
	if boot.Audit != v1alpha1.BootRequired {
		boot.Audit = ""
	}
	if boot.Remediation != v1alpha1.BootConfigure {
		boot.Remediation = ""
	}
	if boot.Audit == "" && boot.Remediation == "" {
		return v1alpha1.BootSettings{}
	}
	return boot
}

// signal leaves the default out of the document.
func signal(reboot v1alpha1.RebootSettings) v1alpha1.RebootSignal {
	if reboot.Signal == v1alpha1.RebootSignalSentinel {
		return reboot.Signal
	}
	return ""
}

// collect leaves the default out of the document too.
func collect(asked v1alpha1.Collect) v1alpha1.Collect {
	if asked == v1alpha1.CollectAuto {
		return ""
	}
	return asked
}

// qualified gives routes the names that are unique on a node: policy/route.
func qualified(policy string, routes []v1alpha1.Route) []v1alpha1.Route {
	named := slices.Clone(routes)
	for i := range named {
		named[i].Name = policy + "/" + named[i].Name
	}
	return named
}

func texts(problems []rule.Problem, severity rule.Severity) []string {
	var list []string
	for _, p := range problems {
		if p.Severity == severity {
			list = append(list, p.String())
		}
	}
	return list
}

func summary(errs []string) string {
	if rest := len(errs) - maxErrors; rest > 0 {
		errs = append(slices.Clone(errs[:maxErrors]), fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(errs, "; ")
}

// maxSize bounds the rules and the configuration of one node. A ConfigMap holds 1 MiB; the rest is for its names and the sinks.
const maxSize = 1<<20 - 1<<17

// size returns the bytes of the entry in a rule set and in a configuration.
func (e entry) size() (rules, config int) {
	document, err := json.Marshal(struct {
		Policy nodeconfig.Policy
		Routes []v1alpha1.Route
	}{e.policy, e.routes})
	if err != nil {
		return len(e.rules), maxSize + 1 // cannot be: the types have nothing that JSON refuses
	}
	return len(e.rules), len(document)
}

func tooLarge(size int) string {
	return fmt.Sprintf("with this policy a node would get %d bytes of rules or routes and %d fit: make it smaller, or split it by node", size, maxSize)
}
