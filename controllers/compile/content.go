package compile

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Content puts together what a node of the selection should have; Config.Node is left to the caller. previous is what the node has now and
// is read only where a policy is stalled. The content may share memory with the Fleet: do not change it.
func (f *Fleet) Content(selection Selection, previous *Content) Content {
	content := f.assemble(selection, previous, f.lastGood)
	if !f.Holds() || content.fits() {
		return content
	}
	if previous != nil {
		return *previous // what is held and what is new do not fit together: this node changes when the stalled policy is mended
	}
	return f.assemble(selection, nil, nil)
}

// Key is equal for nodes that get the same content.
func (f *Fleet) Key(selection Selection, previous *Content) string {
	if previous == nil || !f.Holds() {
		return string(selection)
	}
	document, err := json.Marshal([]any{selection, previous.Config.RuleSet, previous.Config.Policies, previous.Config.Routes})
	if err != nil {
		return string(selection) + "\n" + previous.Config.Node // cannot be; then the node is on its own
	}
	return string(document)
}

// KeepAlso notes the stalled policies in the content of some node, for nodes that are selected and have nothing of them yet: a new node gets
// what the others have. Of several generations the latest counts.
func (f *Fleet) KeepAlso(content Content) {
	for i, verdict := range f.verdicts {
		if !verdict.Stalled() {
			continue
		}
		name := f.policies[i].verdict.Policy
		known, found := f.lastGood[name]
		if kept, has := content.entry(name); has && (!found || kept.policy.Generation > known.policy.Generation) {
			f.lastGood[name] = kept
		}
	}
}

func (f *Fleet) assemble(selection Selection, previous *Content, lastGood map[string]entry) Content {
	content := Content{Rules: nodeconfig.RuleSet{}}
	for i := range f.policies {
		if e, has := f.entryOf(i, selection, previous, lastGood); has {
			content.add(e)
		}
	}
	content.Config.RuleSet = content.Rules.Digest()
	f.resolveSinks(&content.Config)
	return content
}

// entryOf returns what policy i gives to a node. One that is stalled gives what the node already has of it, selected or not: its selector may
// be part of the edit that broke it.
func (f *Fleet) entryOf(i int, selection Selection, previous *Content, lastGood map[string]entry) (entry, bool) {
	if !f.verdicts[i].Stalled() {
		return f.policies[i].entry, selection[i] == selected
	}
	name := f.policies[i].verdict.Policy
	if previous != nil {
		if kept, has := previous.entry(name); has {
			return kept, true
		}
	}
	kept, has := lastGood[name]
	return kept, has && selection[i] == selected
}

// add appends an entry. Only a policy in Enforce mode touches the kernel; routes of both modes apply, because they change no kernel and a
// policy that only observes may well send on the events of rules that somebody else loads.
func (c *Content) add(e entry) {
	c.Config.Policies = append(c.Config.Policies, e.policy)
	c.Config.Routes = append(c.Config.Routes, e.routes...)
	if e.rules != "" {
		c.Rules[e.policy.Name] = e.rules
	}
	if e.policy.Mode == v1alpha1.ModeObserve {
		return
	}
	merge(&c.Config.Kernel, e.policy.Kernel)
	mergeBoot(&c.Config.Boot, e.policy.Boot)
	c.Config.Collect = cmp.Or(c.Config.Collect, e.policy.Collect)
	if e.policy.UnmanagedRules == v1alpha1.UnmanagedRulesRemove {
		c.Config.UnmanagedRules = v1alpha1.UnmanagedRulesRemove
	}
}

// entry takes the part of one policy out of the content of a node.
func (c *Content) entry(policy string) (entry, bool) {
	i := slices.IndexFunc(c.Config.Policies, func(p nodeconfig.Policy) bool { return p.Name == policy })
	if i < 0 {
		return entry{}, false
	}
	kept := entry{policy: c.Config.Policies[i], rules: c.Rules[policy]}
	for _, route := range c.Config.Routes {
		if strings.HasPrefix(route.Name, policy+"/") {
			kept.routes = append(kept.routes, route)
		}
	}
	return kept, true
}

func (c *Content) fits() bool {
	rules, config := 0, 0
	for _, p := range c.Config.Policies {
		e, _ := c.entry(p.Name)
		r, size := e.size()
		rules, config = rules+r, config+size
	}
	return max(rules, config) <= maxSize
}

// resolveSinks adds the sinks that the routes name. A sink that does not exist is replaced by the node's own file, so that no event is lost
// and no later route takes what was not meant for it.
func (f *Fleet) resolveSinks(config *nodeconfig.Config) {
	used := map[string]bool{}
	for i, route := range config.Routes {
		if route.Drop {
			continue
		}
		known := make([]string, 0, len(route.Sinks))
		for _, name := range route.Sinks {
			if _, found := f.sinks[name]; found {
				used[name] = true
			} else {
				name = nodeconfig.DefaultSink
			}
			if !slices.Contains(known, name) {
				known = append(known, name)
			}
		}
		config.Routes[i].Sinks = known
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		config.Sinks = append(config.Sinks, nodeconfig.Sink{Name: name, Spec: f.sinks[name]})
	}
}
