package main

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// hostRule is a rule with its bytes on this machine, in canonical form unless the kernel listed it.
type hostRule struct {
	compiled
	wire  rule.Wire
	first bool // written with -A
	// in is what the optimiser makes of the rule, alone or with others: an agent loads that.
	in rule.Wire
}

// listedRule is a rule of the kernel, ready to be printed.
func listedRule(w rule.Wire) hostRule {
	r := hostRule{compiled: compiled{Hex: hex.EncodeToString([]byte(w.Canonical()))}, wire: w}
	decoded, err := rule.Decode(optimize.Plain(w.Canonical(), host.New("/").Machine()))
	if err != nil {
		r.Rule, r.Error = fmt.Sprintf("# not known to this version (%v): %s", err, r.Hex), err.Error()
		return r
	}
	r.Rule, r.Keys = decoded.String(), decoded.Keys()
	return r
}

// comparison is what files ask for beside what the kernel has.
type comparison struct {
	// missing are not in the kernel, extra are in no file, and misplaced stand on the wrong side of a rule of the other action.
	missing, extra, misplaced []hostRule
}

func (c comparison) differences() int { return len(c.missing) + len(c.extra) + len(c.misplaced) }

// compare goes by the bytes: two texts may be one rule. Each rule counts once, and is there as it was written or as it was optimised.
func compare(want []hostRule, listed []rule.Wire) comparison {
	var c comparison
	wanted, have := map[rule.Wire]int{}, map[rule.Wire]bool{}
	for _, w := range listed {
		have[w.Canonical()] = true
	}
	for _, r := range want {
		if _, twice := wanted[r.wire]; twice {
			continue
		}
		wanted[r.wire] = len(wanted)
		if _, known := wanted[r.in]; !known {
			wanted[r.in] = len(wanted)
		}
		if !have[r.wire] && !have[r.in] {
			c.missing = append(c.missing, r)
		}
	}
	var common []rule.Wire
	for _, w := range listed {
		if _, is := wanted[w.Canonical()]; is {
			common = append(common, w.Canonical())
		} else {
			c.extra = append(c.extra, listedRule(w))
		}
	}
	c.misplaced = misplaced(common, wanted)
	return c
}

// misplaced returns the never rules that stand behind a rule which they should stand before, or before one that they should stand behind. Among
// rules of one action order decides nothing but the key.
func misplaced(order []rule.Wire, place map[rule.Wire]int) []hostRule {
	var found []hostRule
	for i, never := range order {
		if never.Never() && wrongAt(i, order, place) {
			found = append(found, listedRule(never))
		}
	}
	return found
}

func wrongAt(at int, order []rule.Wire, place map[rule.Wire]int) bool {
	never := order[at]
	for i, w := range order {
		if w.List() == never.List() && !w.Never() && (i < at) != (place[w] < place[never]) {
			return true
		}
	}
	return false
}

// wanted reads files and returns what they would load on the host below root, in order, and the findings. Rules of policies that only observe
// are left out.
func wanted(c *cobra.Command, args []string, root string) ([]hostRule, []finding, error) {
	if err := isRoot(root); err != nil {
		return nil, nil, err
	}
	all, err := read(args, c.InOrStdin())
	if err != nil {
		return nil, nil, err
	}
	assembled, conflicts := assemble(all.inputs)
	found := slices.Concat(all.found, conflicts)
	node := host.New(root)
	rules, unresolved := onHost(expanded(assembled, node), node)
	return rules, append(found, unresolved...), nil
}

// onHost looks up what rules name, and puts them in the kernel's order.
func onHost(rules []compiled, node rule.Host) ([]hostRule, []finding) {
	var here []hostRule
	var found []finding
	for _, r := range inOrder(rules) {
		if r.Mode == string(v1alpha1.ModeObserve) {
			continue
		}
		wire, err := r.rule.Encode(node)
		if err != nil {
			found = append(found, r.unresolved(err))
			continue
		}
		here = append(here, hostRule{compiled: r, wire: wire.Canonical(), first: wire.First()})
	}
	return withOptimised(here, node.Machine()), found
}

// withOptimised notes of each rule in which rule of an optimised set it is.
func withOptimised(rules []hostRule, machine string) []hostRule {
	in := make([]optimize.Rule, len(rules))
	for n, r := range rules {
		in[n] = optimize.Rule{Wire: r.wire, AsWritten: r.asWritten}
	}
	for _, o := range optimize.Rules(in, machine).Rules {
		for _, n := range o.From {
			rules[n].in = o.Wire
		}
	}
	return rules
}
