package converge_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/contest"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// world is a node: an audit system in memory, a root directory and the agent's state directory.
type world struct {
	*testing.T
	kernel converge.Kernel
	memory *kerneltest.Memory
	root   string
	state  string
	agent  *converge.Converger
	// patience is how long it fights; the zero value is for ever.
	patience contest.Limits
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc/docker", "usr/bin"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("root:x:0:0::/:/bin/sh\nweb:x:1001:1001::/:/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	memory := kerneltest.New(root)
	w := &world{T: t, kernel: memory, memory: memory, root: root, state: t.TempDir()}
	w.restart("boot-1")
	return w
}

// restart is a new agent on the same node.
func (w *world) restart(bootID string) {
	w.Helper()
	var err error
	w.agent, err = converge.New(converge.Options{
		Kernel: w.kernel, Host: host.New(w.root), StateDir: w.state, BootID: bootID, Contest: w.patience, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) mkdir(path string) {
	w.Helper()
	if err := os.MkdirAll(filepath.Join(w.root, path), 0o700); err != nil {
		w.Fatal(err)
	}
}

func (w *world) remove(path string) {
	w.Helper()
	if err := os.RemoveAll(filepath.Join(w.root, path)); err != nil {
		w.Fatal(err)
	}
}

// pass makes a pass and checks its state and reason.
func (w *world) pass(state *desired.State, want v1alpha1.NodeState, reason string) v1alpha1.NodeAuditReport {
	w.Helper()
	report := w.agent.Pass(w.Context(), state)
	if report.State != want || report.Reason != reason {
		w.Fatalf("state %s, reason %s, want %s, %s; message: %s", report.State, report.Reason, want, reason, report.Message)
	}
	return report
}

func (w *world) inSync(state *desired.State) v1alpha1.NodeAuditReport {
	w.Helper()
	return w.pass(state, v1alpha1.NodeInSync, v1alpha1.ReasonInSync)
}

// holds checks the rules in the kernel, as texts in their order.
func (w *world) holds(want ...string) {
	w.Helper()
	if got := w.texts(); !slices.Equal(got, want) {
		w.Errorf("the kernel holds\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func (w *world) texts() []string {
	w.Helper()
	rules, err := w.kernel.List()
	if err != nil {
		w.Fatal(err)
	}
	var texts []string
	for _, wire := range rules {
		r, err := rule.Decode(optimize.Plain(wire, host.New(w.root).Machine()))
		if err != nil {
			w.Fatal(err)
		}
		texts = append(texts, r.String())
	}
	return texts
}

// wire encodes one rule on the node.
func (w *world) wire(text string) rule.Wire {
	w.Helper()
	file, problems := rule.Parse(text)
	if wrong(problems) || len(file.Rules) != 1 {
		w.Fatalf("%s: %v", text, problems)
	}
	wire, err := file.Rules[0].Encode(host.New(w.root))
	if err != nil {
		w.Fatal(err)
	}
	return wire
}

// loaded returns a rule of the kernel, whatever the optimiser made of its calls.
func (w *world) loaded(text string) rule.Wire {
	w.Helper()
	wanted := w.wire(text)
	rules, err := w.kernel.List()
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range rules {
		if optimize.Plain(r.Canonical(), host.New(w.root).Machine()) == wanted.Canonical() {
			return r
		}
	}
	w.Fatalf("the kernel does not hold %s", text)
	return ""
}

func (w *world) byHand(add bool, text string) {
	w.Helper()
	if add {
		if err := w.memory.Add(w.wire(text)); err != nil {
			w.Fatalf("%s: %v", text, err)
		}
		return
	}
	if err := w.memory.Delete(w.loaded(text)); err != nil {
		w.Fatalf("%s: %v", text, err)
	}
}

func wrong(problems []rule.Problem) bool {
	return slices.ContainsFunc(problems, func(p rule.Problem) bool { return p.Severity == rule.Error })
}

// policy is one policy in a node's configuration.
type policy struct {
	name   string
	mode   v1alpha1.Mode
	rules  string
	kernel v1alpha1.KernelSettings
	remove bool
	// written keeps the optimiser out.
	written bool
}

// want is the configuration that the controller would make of the policies.
func want(tb testing.TB, policies ...policy) *desired.State {
	tb.Helper()
	config, rules := nodeconfig.Config{Node: "node"}, nodeconfig.RuleSet{}
	for _, p := range policies {
		if p.mode == "" {
			p.mode = v1alpha1.ModeEnforce
		}
		entry := nodeconfig.Policy{Name: p.name, Generation: 1, Mode: p.mode, Kernel: p.kernel, AsWritten: p.written}
		if p.remove {
			entry.UnmanagedRules, config.UnmanagedRules = v1alpha1.UnmanagedRulesRemove, v1alpha1.UnmanagedRulesRemove
		}
		if p.mode == v1alpha1.ModeEnforce {
			if config.Kernel.BacklogLimit == nil {
				config.Kernel.BacklogLimit = p.kernel.BacklogLimit
			}
			config.Kernel.FailureMode = max(config.Kernel.FailureMode, p.kernel.FailureMode)
			config.Kernel.Immutable = config.Kernel.Immutable || p.kernel.Immutable
		}
		config.Policies = append(config.Policies, entry)
		if p.rules != "" {
			rules[p.name] = canonical(tb, p.rules)
		}
	}
	config.RuleSet = rules.Digest()
	data, err := nodeconfig.Encode(config)
	if err != nil {
		tb.Fatal(err)
	}
	return &desired.State{Config: config, Rules: rules, Digest: data[nodeconfig.DigestKey]}
}

func canonical(tb testing.TB, text string) string {
	tb.Helper()
	file, problems := rule.Parse(text)
	if wrong(problems) {
		tb.Fatal(problems)
	}
	var b strings.Builder
	for _, r := range file.Rules {
		b.WriteString(r.String() + "\n")
	}
	return b.String()
}
