package converge

import (
	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// Have is what is known about a node's kernel.
type Have struct {
	// Err says why the kernel could not be asked. Nothing else is valid then.
	Err error
	// Status is the kernel's.
	Status kernel.Status
	// Rules are the rules that it lists, in its order, in canonical form.
	Rules []rule.Wire
	// Ledger is what the agent has done to it on this boot.
	Ledger Ledger
	// Refused are the rules that the kernel did not take, with its errors. They are not tried again now.
	Refused map[rule.Wire]error
	// Astray are the agent's rules that watch a directory which has another name now.
	Astray map[rule.Wire]bool
	// Contested are things that somebody keeps undoing, and Held those among them that are left alone now. Rival is who does.
	Contested, Held map[thing]bool
	Rival           string
	// RulesErr and SettingsErr are what kept the agent from changing rules and settings.
	RulesErr, SettingsErr error
}

// holds returns the rules in the kernel as a set.
func (h Have) holds() map[rule.Wire]bool {
	set := make(map[rule.Wire]bool, len(h.Rules))
	for _, w := range h.Rules {
		set[w] = true
	}
	return set
}

// count is how often the kernel lists a rule.
func (h Have) count(w rule.Wire) int {
	n := 0
	for _, other := range h.Rules {
		if other == w {
			n++
		}
	}
	return n
}

// settings are the values of the settings now.
func (h Have) settings() map[setting]uint32 {
	return map[setting]uint32{
		enabled: h.Status.Enabled, failureMode: h.Status.Failure, rateLimit: h.Status.RateLimit, backlogLimit: h.Status.BacklogLimit,
	}
}
