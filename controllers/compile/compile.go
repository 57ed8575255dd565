// Package compile decides what a node gets: AuditPolicy and AuditSink objects and one node come in, the node's configuration with its rule
// set and a verdict on each policy go out.
//
// A policy that does not compile changes nothing: what it last gave to a node stays, which is why the node's previous content comes in too.
// The package is pure. It has no client, no clock and no host: paths, users and groups are looked up on the node, by the agent.
package compile

import (
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Node is what selection needs to know about a node.
type Node struct {
	// Name is the Node object's name.
	Name string
	// OS is its operating system as in the label kubernetes.io/os. Empty is not known.
	OS string
	// Labels are the Node object's labels.
	Labels map[string]string
}

// Content is what a node should have.
type Content struct {
	// Config is the document for the node's ConfigMap.
	Config nodeconfig.Config
	// Rules is the rule set that Config points to.
	Rules nodeconfig.RuleSet
}

// Verdict is what the compiler says of one policy.
type Verdict struct {
	// Policy is its name.
	Policy string
	// Reason is empty where the policy compiles, and InvalidRules, InvalidRoutes, InvalidSelector or Conflict where it does not.
	Reason string
	// Message says what is wrong, with line and column, and what to do.
	Message string
	// Warnings are remarks on what compiles but probably does not do what was meant.
	Warnings []string
	// MissingSinks are the names in its routes that no AuditSink bears, sorted.
	MissingSinks []string
}

// Stalled says that the policy does not compile, so that nodes keep what they have of it.
func (v Verdict) Stalled() bool { return v.Reason != "" }

// ForNode compiles all policies and sinks for one node, and returns the verdict on each policy in the order of the rules in the kernel.
// previous is what the node has now, nil for nothing. Whoever has many nodes uses a Fleet, which compiles each policy once.
func ForNode(node Node, policies []v1alpha1.AuditPolicy, sinks []v1alpha1.AuditSink, previous *Content) (nodeconfig.Config, nodeconfig.RuleSet, []Verdict) {
	compiled := make([]*Policy, len(policies))
	for i := range policies {
		compiled[i] = ForPolicy(&policies[i])
	}
	fleet := NewFleet(compiled, sinks)
	selection := fleet.Select(node)
	fleet.Resolve([]Selection{selection})
	content := fleet.Content(selection, previous)
	content.Config.Node = node.Name
	return content.Config, content.Rules, fleet.Verdicts()
}
