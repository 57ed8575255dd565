package converge_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/ruletest"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

const (
	binding    = "-a always,exit -F arch=b64 -S bind -F key=net"
	connecting = "-a always,exit -F arch=b64 -S connect -F key=net"
	both       = "-a always,exit -F arch=b64 -S connect,bind -F key=net"
	byRoot     = "-a always,exit -F arch=b64 -S bind -F uid=0 -F key=net"
)

func TestRulesOfTwoPoliciesBecomeOne(t *testing.T) {
	w := newWorld(t)
	one, other := policy{name: "one", rules: lines(binding, docker)}, policy{name: "other", rules: lines(connecting, byRoot)}
	state := want(t, one, other)
	report := w.inSync(state)
	w.holds(both, docker)
	if report.Rules.Wanted != 4 || report.Rules.Loaded != 4 || report.Rules.Unmanaged != 0 {
		t.Errorf("rules %+v", report.Rules)
	}
	w.byHand(false, both)
	report = w.inSync(state)
	if report.Drift.Count != 1 || !strings.Contains(report.Drift.LastMessage, both) {
		t.Errorf("drift %+v", report.Drift)
	}
	w.inSync(want(t, one))
	w.holds(binding, docker)
	w.pass(want(t), v1alpha1.NodeInSync, v1alpha1.ReasonReleased)
	w.holds()
}

func TestAPolicyThatIsLoadedAsWritten(t *testing.T) {
	w := newWorld(t)
	w.inSync(want(t, policy{name: "p", rules: lines(binding, connecting, byRoot), written: true}))
	w.holds(binding, connecting, byRoot)
	w.inSync(want(t, policy{name: "p", rules: lines(docker), written: true}))
	if listed, _ := w.memory.List(); listed[0] != w.wire(docker).Canonical() {
		t.Error("a watch was changed")
	}
}

func TestAMissingPartOfAMergedRuleIsMissingFromEachPolicy(t *testing.T) {
	w := newWorld(t)
	w.kernel = picky{w.memory, func(kernel.Change) bool { return true }}
	w.restart("boot-1")
	report := w.pass(want(t, policy{name: "one", rules: lines(binding)}, policy{name: "other", rules: lines(connecting)}), v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleRefused)
	if report.Rules.Loaded != 0 || report.Policies[0].Reason != v1alpha1.ReasonRuleRefused || report.Policies[1].Reason != v1alpha1.ReasonRuleRefused {
		t.Errorf("%+v", report)
	}
}

// picky is a kernel that does not take some rules.
type picky struct {
	converge.Kernel
	refuses func(kernel.Change) bool
}

func (p picky) Apply(ctx context.Context, changes []kernel.Change) []error {
	errs := make([]error, len(changes))
	for i, change := range changes {
		if change.Op == kernel.Add && p.refuses(change) {
			errs[i] = fmt.Errorf("adding a rule: %w", unix.EINVAL)
			continue
		}
		errs[i] = p.Kernel.Apply(ctx, []kernel.Change{change})[0]
	}
	return errs
}

func TestAMergedRuleThatIsRefusedIsTriedApart(t *testing.T) {
	w := newWorld(t)
	made := w.wire(both).Canonical()
	w.kernel = picky{w.memory, func(c kernel.Change) bool { return c.Rule.Canonical() == made }}
	w.restart("boot-1")
	state := want(t, policy{name: "p", rules: lines(binding, connecting)})
	w.inSync(state)
	w.holds(binding, connecting)
	before := w.memory.Changes()
	w.inSync(state)
	if w.memory.Changes() != before {
		t.Error("it was tried again")
	}
}

func TestNothingReliesOnARuleThatIsRefused(t *testing.T) {
	w := newWorld(t)
	broad := w.wire(binding).Canonical()
	w.kernel = picky{w.memory, func(c kernel.Change) bool { return c.Rule.Canonical() == broad }}
	w.restart("boot-1")
	state := want(t, policy{name: "one", rules: lines(binding)}, policy{name: "other", rules: lines(byRoot)})
	report := w.pass(state, v1alpha1.NodeRulesDiffer, v1alpha1.ReasonRuleRefused)
	if report.Policies[1].State != v1alpha1.NodeInSync || report.Rules.Loaded != 1 {
		t.Errorf("%+v", report)
	}
	if texts := w.texts(); len(texts) != 1 || !strings.Contains(texts[0], "uid=0") {
		t.Errorf("the kernel holds %q", texts)
	}
}

func TestARuleOfTheHostStaysAsItIs(t *testing.T) {
	w := newWorld(t)
	w.byHand(true, docker)
	w.byHand(true, binding)
	before := w.memory.Changes()
	if report := w.inSync(want(t, policy{name: "p", rules: lines(docker, binding, connecting)})); report.Rules.Unmanaged != 0 || report.Rules.Loaded != 3 {
		t.Errorf("rules %+v", report.Rules)
	}
	w.holds(docker, binding, connecting)
	if n := w.memory.Changes() - before; n != 2 { // one rule, and turning it on
		t.Errorf("%d changes", n)
	}
}

func TestASmallChangeIsASmallChange(t *testing.T) {
	w := newWorld(t)
	var rules []string
	for i := range 60 {
		rules = append(rules, fmt.Sprintf("-a always,exit -F arch=b64 -S %s -F uid=%d -F key=k%d", []string{"bind", "connect", "unlink"}[i%3], i/6, i%2))
	}
	w.inSync(want(t, policy{name: "p", rules: lines(rules...)}))
	before := w.memory.Changes()
	w.inSync(want(t, policy{name: "p", rules: lines(slices.Insert(rules, 30, silent, "-a always,exit -F arch=b64 -S mkdir -F key=new")...)}))
	if n := w.memory.Changes() - before; n > 4 {
		t.Errorf("%d changes for two rules", n)
	}
}

// Whatever rules follow each other on a node, what the kernel holds decides about every event as the policy says.
func TestTheKernelDecidesAsThePolicySays(t *testing.T) {
	if m := host.New("/").Machine(); m != ruletest.X8664.Name {
		t.Skipf("the model is of %s, this is %s", ruletest.X8664.Name, m)
	}
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(t)
		w.mkdir("d/f")
		w.mkdir("e/f")
		file, _ := rule.Parse(ruletest.RandomRules(random, 12))
		var rules []string
		var wires []rule.Wire
		for _, r := range file.Rules {
			if wire := w.wire(r.String()); !slices.Contains(wires, wire.Canonical()) {
				rules, wires = append(rules, r.String()), append(wires, wire.Canonical())
			}
		}
		w.inSync(want(t, policy{name: "p", rules: lines(rules...)}))
		held, _ := w.memory.List()
		for i := range held {
			held[i] = held[i].Canonical()
		}
		names := &ruletest.Names{}
		asked, err := ruletest.Load(wires, names)
		if err != nil {
			t.Fatal(err)
		}
		is, err := ruletest.Load(held, names)
		if err != nil {
			t.Fatal(err)
		}
		g := ruletest.NewGenerator(asked, names, ruletest.X8664, seed)
		var e ruletest.Event
		for range 3000 {
			g.Event(&e)
			a, _ := asked.Decide(&e)
			if b, _ := is.Decide(&e); a != b {
				t.Fatalf("seed %d: %+v, want %+v, for %+v", seed, b, a, e)
			}
		}
	}
}
