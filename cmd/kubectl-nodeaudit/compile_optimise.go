package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// origin is a rule as it was written.
type origin struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Policy string `json:"policy,omitempty"`
	Pack   string `json:"pack,omitempty"`
	Rule   string `json:"rule"`
}

// optimised returns what a node makes of the rules, in the order of its kernel, and behind that what the node does not load: the rules of
// policies in mode Observe. A rule that this host cannot resolve may be all right on a node. It stays, and nothing moves past it.
func optimised(rules []compiled, node rule.Host) []compiled {
	var enforced, observed []compiled
	for _, r := range rules {
		if r.Mode == string(v1alpha1.ModeObserve) {
			observed = append(observed, r)
		} else {
			enforced = append(enforced, r)
		}
	}
	enforced = inOrder(enforced)
	in := make([]optimize.Rule, len(enforced))
	for n, r := range enforced {
		wire, err := r.rule.Encode(node)
		if err != nil {
			wire = rule.Wire(fmt.Sprintf("unresolved %d", n))
		}
		in[n] = optimize.Rule{Wire: wire.Canonical(), AsWritten: r.asWritten}
	}
	var out []compiled
	for _, o := range optimize.Rules(in, node.Machine()).Rules {
		out = append(out, made(o, in, enforced, node.Machine()))
	}
	return append(out, observed...)
}

// inOrder puts the rules that ask for the beginning of the list there, the last one first.
func inOrder(rules []compiled) []compiled {
	var first, rest []compiled
	for _, r := range rules {
		if r.first() {
			first = append([]compiled{r}, first...)
		} else {
			rest = append(rest, r)
		}
	}
	return append(first, rest...)
}

// made is a rule for the kernel with where it comes from. One that was not changed keeps its text, with the names in it.
func made(o optimize.Output, in []optimize.Rule, rules []compiled, machine string) compiled {
	c := rules[o.From[0]]
	plain := optimize.Plain(o.Wire, machine)
	same := false
	for _, n := range o.From {
		if in[n].Wire == plain && !rules[n].first() && !same {
			c, same = rules[n], true
		}
		c.From = append(c.From, rules[n].origin())
	}
	if r, err := rule.Decode(plain); err == nil && !same {
		c.Rule, c.rule, c.Keys = r.String(), r, r.Keys()
	}
	if _, err := o.Wire.Open(); err == nil {
		c.Hex = hex.EncodeToString([]byte(o.Wire))
	}
	return c
}

// first says that the rule asks for the beginning of its list.
func (r *compiled) first() bool { return strings.HasPrefix(r.Rule, "-A ") }

func (r *compiled) origin() origin {
	return origin{File: r.File, Line: r.Line, Policy: r.Policy, Pack: r.Pack, Rule: r.Rule}
}
