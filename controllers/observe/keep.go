package observe

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// keeper finds what nodes have of policies that are stalled, so that they keep it. It does nothing while every policy compiles.
type keeper struct {
	world *World
	fleet *compile.Fleet
	sets  map[string]nodeconfig.RuleSet // nil values are sets that cannot be read
	has   map[string]*compile.Content
}

// look reads the content of every node, and shows it to the fleet, so that new nodes can have what others have.
func (k *keeper) look() {
	k.sets, k.has = map[string]nodeconfig.RuleSet{}, map[string]*compile.Content{}
	for i := range k.world.Nodes {
		node := &k.world.Nodes[i]
		if content := k.read(node); content != nil {
			k.has[node.Name] = content
			k.fleet.KeepAlso(*content)
		}
	}
}

// previous returns what the node has, nil for nothing, and false where it has something that cannot be read although it matters.
func (k *keeper) previous(node *Node) (*compile.Content, bool) {
	if content := k.has[node.Name]; content != nil || !k.fleet.Holds() {
		return content, true
	}
	return nil, !k.matters(node)
}

// matters says that the node has something of a stalled policy: its agent reports on it, or its ConfigMap is there and damaged.
func (k *keeper) matters(node *Node) bool {
	if node.Report != nil {
		for _, p := range node.Report.Policies {
			if k.world.Verdicts[p.Name].Stalled() {
				return true
			}
		}
		return false
	}
	return node.ConfigMap != nil && slices.ContainsFunc(node.Policies, func(p string) bool { return k.world.Verdicts[p].Stalled() })
}

func (k *keeper) read(node *Node) *compile.Content {
	if node.Has.Digest == "" {
		return nil
	}
	config, _, err := nodeconfig.Decode(node.ConfigMap.Data)
	if err != nil {
		return nil
	}
	if config.RuleSet == "" {
		return &compile.Content{Config: config}
	}
	rules, known := k.sets[config.RuleSet]
	if !known {
		rules = k.readSet(config.RuleSet)
		k.sets[config.RuleSet] = rules
	}
	if rules == nil {
		return nil
	}
	return &compile.Content{Config: config, Rules: rules}
}

func (k *keeper) readSet(digest string) nodeconfig.RuleSet {
	from := k.world.RuleSets[digest]
	if from == nil {
		return nil
	}
	rules, err := nodeconfig.DecodeRuleSet(from.Data, digest)
	if err != nil {
		return nil
	}
	return rules
}
