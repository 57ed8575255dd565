package main

import (
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// optimise returns cheaper rules that mean the same on this machine.
func optimise(wires []rule.Wire) []rule.Wire {
	in := make([]optimize.Rule, len(wires))
	for i, w := range wires {
		in[i] = optimize.Rule{Wire: w}
	}
	var out []rule.Wire
	for _, r := range optimize.Rules(in, host.New("/").Machine()).Rules {
		out = append(out, r.Wire)
	}
	return out
}
