// Package rollout decides which nodes may take their new configuration now.
//
// What each node has, should have and reports comes in, with the rollout settings of the policies; the names of the nodes that may change and
// the time at which to ask again go out. It is pure: the time is an argument, and it remembers nothing from one call to the next.
//
// A node is on its way from the moment its ConfigMap changes until its agent has reported that the kernel matches, and has stayed so for the
// soak time. A policy lets at most maxUnavailable of its nodes be on their way. A node that is on its way anyway may turn to something newer: a
// bad configuration that keeps nodes out of sync must not keep out its own correction. Only those that are in sync and soak wait, where more
// of them do than the policy lets by now.
package rollout

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Node is one node as the rollout sees it.
type Node struct {
	// Name is the Node object's name.
	Name string
	// Current is the digest of the configuration in its ConfigMap. Empty where it has none.
	Current string
	// Desired is the digest of the configuration that it should have. Empty where it needs none.
	Desired string
	// Reported is the digest that its agent last reported on.
	Reported string
	// InSyncSince is since when it has been in sync with Reported. Zero while it is not.
	InSyncSince time.Time
	// Unsupported says that it cannot be audited, so that a new configuration changes nothing there.
	Unsupported bool
	// Policies are the policies that it has or should have.
	Policies []string
}

// Decision is who may change, and when to ask again.
type Decision struct {
	// Allowed has the names of the nodes that may take their desired configuration.
	Allowed map[string]bool
	// Held is the number of nodes that have to wait.
	Held int
	// Next is when the first node has soaked while others wait for it. Zero where the time alone changes nothing.
	Next time.Time
}

// Decide looks at all nodes together. settings has the rollout of each policy; a policy that is not in it sets no limit. The strictest of the
// policies on a node counts.
func Decide(nodes []Node, settings map[string]v1alpha1.Rollout, now time.Time) Decision {
	budgets := budgetsOf(nodes, settings)
	decision := Decision{Allowed: map[string]bool{}}
	for _, node := range nodes {
		if on, until := node.onItsWay(settings, now); on {
			budgets.take(node)
			if !until.IsZero() && (decision.Next.IsZero() || until.Before(decision.Next)) {
				decision.Next = until
			}
		}
	}
	var waiting []Node
	for _, node := range nodes {
		on, until := node.onItsWay(settings, now)
		switch {
		case node.Desired == node.Current:
		case !on:
			waiting = append(waiting, node)
		case budgets.paused(node), !until.IsZero() && budgets.exceeded(node):
			decision.Held++
		default:
			decision.Allowed[node.Name] = true
		}
	}
	decision.admit(waiting, budgets)
	if decision.Held == 0 {
		decision.Next = time.Time{}
	}
	return decision
}

// admit lets nodes go in the order of their names, as far as every one of their policies has room.
func (d *Decision) admit(waiting []Node, budgets budgets) {
	slices.SortFunc(waiting, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	for _, node := range waiting {
		if budgets.paused(node) || !budgets.room(node) {
			d.Held++
			continue
		}
		budgets.take(node)
		d.Allowed[node.Name] = true
	}
}

// onItsWay says whether the node is on its way to Current, and until when; zero while that is not known.
func (n Node) onItsWay(settings map[string]v1alpha1.Rollout, now time.Time) (on bool, until time.Time) {
	until = n.settledAt(soak(n, settings))
	return n.Current != "" && (until.IsZero() || until.After(now)), until
}

// settledAt is when the node is no longer on its way to Current, and zero while that is not known.
func (n Node) settledAt(soak time.Duration) time.Time {
	switch {
	case n.Reported != n.Current:
		return time.Time{}
	case n.Unsupported:
		return time.Unix(0, 0)
	case n.InSyncSince.IsZero():
		return time.Time{}
	default:
		return n.InSyncSince.Add(soak)
	}
}

// soak is the longest soak time of the policies on the node.
func soak(node Node, settings map[string]v1alpha1.Rollout) time.Duration {
	var longest time.Duration
	for _, name := range node.Policies {
		longest = max(longest, settings[name].Soak.Duration)
	}
	return longest
}

// budget is how many more nodes of a policy may be on their way.
type budget struct {
	paused bool
	left   int
}

type budgets map[string]*budget

func budgetsOf(nodes []Node, settings map[string]v1alpha1.Rollout) budgets {
	total := map[string]int{}
	for _, node := range nodes {
		for _, name := range node.Policies {
			total[name]++
		}
	}
	all := budgets{}
	for name, rollout := range settings {
		all[name] = &budget{paused: rollout.Paused, left: limit(rollout.MaxUnavailable, total[name])}
	}
	return all
}

func (b budgets) take(node Node) {
	for _, name := range node.Policies {
		if of, limited := b[name]; limited {
			of.left--
		}
	}
}

func (b budgets) room(node Node) bool {
	return !slices.ContainsFunc(node.Policies, func(name string) bool { return b[name] != nil && b[name].left < 1 })
}

// exceeded says that more nodes are on their way than a policy lets: its rollout has become stricter since they began.
func (b budgets) exceeded(node Node) bool {
	return slices.ContainsFunc(node.Policies, func(name string) bool { return b[name] != nil && b[name].left < 0 })
}

func (b budgets) paused(node Node) bool {
	return slices.ContainsFunc(node.Policies, func(name string) bool { return b[name] != nil && b[name].paused })
}

// limit turns maxUnavailable into a number of nodes. A share is rounded down, and at least one node moves. The API's schema has refused what
// is neither a number nor a share; should it get here all the same, one node moves at a time.
func limit(maxUnavailable *intstr.IntOrString, total int) int {
	if maxUnavailable == nil {
		return total
	}
	if maxUnavailable.Type == intstr.Int {
		return max(1, maxUnavailable.IntValue())
	}
	percent, err := strconv.Atoi(strings.TrimSuffix(maxUnavailable.StrVal, "%"))
	if err != nil {
		return 1
	}
	return max(1, total*min(percent, 100)/100)
}
