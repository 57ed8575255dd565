// Package desired finds out what the node should have.
//
// The node's ConfigMap and the rule set that it points to come in, or files on a host without Kubernetes; a State goes out whenever it
// changes. What arrives is checked against its digests, and the last good State stays on the node's disk, so that an agent that starts while
// the API server is away goes on with it. The package never touches the kernel, and never takes silence for an answer: only a
// configuration that says so releases a node.
package desired

import (
	"errors"
	"fmt"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// State is what a node should have.
type State struct {
	// Config is the node's configuration.
	Config nodeconfig.Config
	// Rules is the rule set that Config points to.
	Rules nodeconfig.RuleSet
	// Digest is the digest of Config.
	Digest string
}

// Released says that no policy selects the node.
func (s State) Released() bool { return len(s.Config.Policies) == 0 }

// ErrNode says that a configuration is for another node.
var ErrNode = errors.New("the configuration is for another node")

// decode checks a configuration and its rule set against their digests and against the node's name. rules is asked for the data of the rule
// set, where there is one.
func decode(node string, config map[string]string, rules func(digest string) (map[string]string, error)) (State, error) {
	var state State
	var err error
	if state.Config, state.Digest, err = nodeconfig.Decode(config); err != nil {
		return State{}, err
	}
	if state.Config.Node != node {
		return State{}, fmt.Errorf("%q: %w", state.Config.Node, ErrNode)
	}
	if state.Config.RuleSet == "" {
		return state, nil
	}
	data, err := rules(state.Config.RuleSet)
	if err != nil {
		return State{}, err
	}
	if state.Rules, err = nodeconfig.DecodeRuleSet(data, state.Config.RuleSet); err != nil {
		return State{}, err
	}
	return state, nil
}
