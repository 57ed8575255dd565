package distribute

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
	"github.com/nodeaudit/nodeaudit/controllers/rollout"
)

// plan is what one pass will do, in this order: rule sets before the nodes that need them, and collected only after nobody does.
type plan struct {
	sets       map[string]nodeconfig.RuleSet // to be there, by digest
	replace    []*corev1.ConfigMap           // rule sets that are not what their name says
	write      []observe.Node                // nodes whose ConfigMap is written
	remove     []*corev1.ConfigMap           // ConfigMaps of nodes that need none
	collect    []*corev1.ConfigMap           // rule sets that nobody needs
	unreadable []string                      // nodes that are left alone
	held       int                           // nodes that wait for their turn
	next       time.Time                     // when time alone changes the plan; zero for never
}

// decide is pure: it looks at the world and changes nothing.
func decide(world *observe.World, now time.Time) plan {
	decision := rollout.Decide(candidates(world), settings(world), now)
	p := plan{sets: map[string]nodeconfig.RuleSet{}, remove: world.Orphans, held: decision.Held, next: decision.Next}
	needed := map[string]bool{}
	for _, node := range world.Nodes {
		if node.Concerned() {
			p.node(node, decision.Allowed[node.Name], needed)
		}
	}
	for _, digest := range slices.Sorted(maps.Keys(world.RuleSets)) {
		set := world.RuleSets[digest]
		switch _, wanted := p.sets[digest]; {
		case !wanted && !needed[digest]:
			p.collect = append(p.collect, set)
		case wanted && intactSet(set, digest):
			delete(p.sets, digest)
		case wanted:
			p.replace = append(p.replace, set)
		}
	}
	return p
}

// node plans for one node, and notes the rule sets that it needs.
func (p *plan) node(node observe.Node, allowed bool, needed map[string]bool) {
	needed[node.Has.RuleSet] = true
	if set := lagging(node); set != "" {
		needed[set] = true
	}
	switch {
	case node.Content == nil:
		p.unreadable = append(p.unreadable, node.Name)
	case node.Released():
		if node.ConfigMap != nil {
			p.remove = append(p.remove, node.ConfigMap)
		}
	case node.Current() == node.Desired || allowed:
		p.set(node)
		if !intactNode(node) {
			p.write = append(p.write, node)
		}
	}
}

// set wants the rule set of what the node has from now on.
func (p *plan) set(node observe.Node) {
	if digest := node.Content.Config.RuleSet; digest != "" {
		p.sets[digest] = node.Content.Rules
	}
}

// lagging is the rule set of the configuration that the agent still reports on, while its ConfigMap has moved on.
func lagging(node observe.Node) string {
	if node.ConfigMap == nil || node.Report == nil || node.Report.ConfigDigest == node.Has.Digest {
		return ""
	}
	return node.ConfigMap.Annotations[reportedRules]
}

// candidates are the nodes as the rollout sees them.
func candidates(world *observe.World) []rollout.Node {
	var list []rollout.Node
	for _, node := range world.Nodes {
		if node.Content == nil || !node.Concerned() || node.Released() {
			continue
		}
		list = append(list, candidate(node))
	}
	return list
}

func candidate(node observe.Node) rollout.Node {
	c := rollout.Node{Name: node.Name, Current: node.Current(), Desired: node.Desired, Policies: involved(node)}
	if report := node.Report; report != nil {
		c.Reported = report.ConfigDigest
		c.Unsupported = report.State == v1alpha1.NodeUnsupported
		if report.InSyncSince != nil {
			c.InSyncSince = report.InSyncSince.Time
		}
	}
	return c
}

// involved are the policies that the node has or should have: the rollout of one that leaves a node counts as well.
func involved(node observe.Node) []string {
	names := slices.Clone(node.Has.Policies)
	for _, p := range node.Content.Config.Policies {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

func settings(world *observe.World) map[string]v1alpha1.Rollout {
	all := make(map[string]v1alpha1.Rollout, len(world.Policies))
	for _, p := range world.Policies {
		all[p.Name] = p.Spec.Rollout
	}
	return all
}
