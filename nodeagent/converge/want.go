package converge

import (
	"path"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
)

// Want is what a node should have, resolved on the node.
type Want struct {
	// Policies are those of the configuration, in order.
	Policies []nodeconfig.Policy
	// Rules are their distinct rules, in the order in which the kernel should have them.
	Rules []Rule
	// Load is what the kernel should hold so that the enforced ones among them work, in order.
	Load []Load
	// Kernel has the settings of the policies in mode Enforce, merged.
	Kernel v1alpha1.KernelSettings
	// RemoveUnmanaged says that a policy in mode Enforce wants the rules of others out.
	RemoveUnmanaged bool
}

// Rule is a rule of one or more policies.
type Rule struct {
	// Text is its canonical text, and Paths are the paths in it.
	Text  string
	Paths []string
	// Wire is its canonical form on this node. Empty where Err is not nil.
	Wire rule.Wire
	// Err says what the node lacks: a user or a group.
	Err error
	// Waits says that a path, and the directory that it is in, are not there, so that the kernel would not take the rule.
	Waits bool
	// Policies are the names of those that ask for it, and Enforced says that one of them is in mode Enforce.
	Policies []string
	Enforced bool
	// AsWritten says that a policy that enforces it wants it unchanged.
	AsWritten bool
	// In is the rule of Want.Load that does its work. Empty where it is not enforced or cannot be.
	In    rule.Wire
	first bool
}

// parsed is a State with its rules read once, to be resolved on each observation: users and directories come and go.
type parsed struct {
	state desired.State
	rules [][]rule.Rule // by policy
}

// parse reads the rules as far as they are about what programs on the machine can do.
func parse(state desired.State, machine string) parsed {
	p := parsed{state: state, rules: make([][]rule.Rule, len(state.Config.Policies))}
	for i, policy := range state.Config.Policies {
		// The rules were compiled by the controller, and their digest is right: there are no problems here.
		file, _ := rule.Parse(state.Rules[policy.Name])
		for _, r := range file.Rules {
			if here, any := r.On(machine); any {
				p.rules[i] = append(p.rules[i], here)
			}
		}
	}
	return p
}

// resolve looks users, groups and directories up on the host.
func (p parsed) resolve(host rule.Host) Want {
	expand := expansion(host)
	host = lookups{Host: host, dirs: map[string]bool{}}
	want := Want{
		Policies:        p.state.Config.Policies,
		Kernel:          p.state.Config.Kernel,
		RemoveUnmanaged: p.state.Config.UnmanagedRules == v1alpha1.UnmanagedRulesRemove,
	}
	index := map[string]int{}
	for i, policy := range want.Policies {
		for _, r := range expand(p.rules[i]) {
			want.add(r, policy, index, host)
		}
	}
	// -A asks for the beginning of the list; of several the last one comes first, as auditctl would have it.
	slices.Reverse(want.Rules)
	slices.SortStableFunc(want.Rules, func(a, b Rule) int { return order(a.first) - order(b.first) })
	rest := slices.IndexFunc(want.Rules, func(r Rule) bool { return !r.first })
	if rest >= 0 {
		slices.Reverse(want.Rules[rest:])
	}
	return want
}

// expansion puts the paths of the host in place of placeholders, where the host knows them as host.Root does.
func expansion(h rule.Host) func([]rule.Rule) []rule.Rule {
	if known, ok := h.(interface {
		Expand(rules []rule.Rule) []rule.Rule
	}); ok {
		return known.Expand
	}
	return func(rules []rule.Rule) []rule.Rule { return rules }
}

// lookups asks the host once for each path: many rules are in the same directories.
type lookups struct {
	rule.Host
	dirs map[string]bool
}

// IsDir is rule.Host.IsDir.
func (l lookups) IsDir(path string) bool {
	is, known := l.dirs[path]
	if !known {
		is = l.Host.IsDir(path)
		l.dirs[path] = is
	}
	return is
}

func order(first bool) int {
	if first {
		return 0
	}
	return 1
}

// add joins rules that are the same in the kernel, even where their texts are not.
func (w *Want) add(r rule.Rule, policy nodeconfig.Policy, index map[string]int, host rule.Host) {
	wire, err := r.Encode(host)
	added := Rule{
		Text: r.String(), Paths: r.Paths(), Wire: wire.Canonical(), Err: err, first: wire.First(),
		Waits: waits(r.Paths(), host), Policies: []string{policy.Name}, Enforced: policy.Mode == v1alpha1.ModeEnforce,
		AsWritten: policy.AsWritten && policy.Mode == v1alpha1.ModeEnforce,
	}
	if err != nil {
		added.Wire = ""
	}
	key := string(added.Wire)
	if err != nil {
		key = added.Text
	}
	at, there := index[key]
	if !there {
		index[key] = len(w.Rules)
		w.Rules = append(w.Rules, added)
		return
	}
	same := &w.Rules[at]
	same.Enforced, same.AsWritten = same.Enforced || added.Enforced, same.AsWritten || added.AsWritten
	if !slices.Contains(same.Policies, policy.Name) {
		same.Policies = append(same.Policies, policy.Name)
	}
}

func waits(paths []string, host rule.Host) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return !host.IsDir(p) && !host.IsDir(parent(p)) })
}

// parent is the directory that a path is in.
func parent(p string) string { return path.Dir(strings.TrimRight(p, "/")) }

// enables says whether a policy needs the audit system to be on.
func (w Want) enables() bool {
	return w.Kernel.Immutable || slices.ContainsFunc(w.Rules, func(r Rule) bool { return r.Enforced })
}

// short is the text of a rule for messages.
func short(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
