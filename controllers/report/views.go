package report

import (
	"github.com/nodeaudit/nodeaudit/controllers/observe"
	"github.com/nodeaudit/nodeaudit/controllers/rollup"
)

// views are the nodes as each policy and each sink sees them.
type views struct {
	policies map[string][]rollup.Node
	sinks    map[string][]rollup.Node
}

func look(world *observe.World) views {
	v := views{policies: map[string][]rollup.Node{}, sinks: map[string][]rollup.Node{}}
	for _, node := range world.Nodes {
		seen := rollup.Node{Name: node.Name, Desired: node.Desired, Current: node.Current(), Report: node.Report}
		for _, name := range node.Policies {
			v.policies[name] = append(v.policies[name], seen)
		}
		if node.Content == nil {
			continue
		}
		for _, sink := range node.Content.Config.Sinks {
			v.sinks[sink.Name] = append(v.sinks[sink.Name], seen)
		}
	}
	return v
}
