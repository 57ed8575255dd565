// Package rollup makes the status of a policy, and of a sink, from the reports of the nodes.
//
// What a policy asks for, the compiler's verdict on it, and for each selected node what it should have and what its agent says come in; the
// whole status goes out. It is pure: the time is an argument, and a report that is missing or old is unknown, never good.
//
// Ready=True is a proof: every selected node has reported lately, on the configuration that it should have by now and on this generation,
// that its kernel has what the policy asks for, the lock and the boot included, and every sink that the policy names exists. A sink that fails does not
// take Ready away, because the records are made all the same: Routed tells it. A policy that selects no node proves nothing and is not Ready.
package rollup

import (
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Node is one node as a policy sees it.
type Node struct {
	// Name is the Node object's name.
	Name string
	// Desired is the digest of the configuration that the node should have.
	Desired string
	// Current is the digest of the configuration in its ConfigMap. It differs from Desired while the node waits for its turn.
	Current string
	// Report is its agent's latest report, nil where there is none.
	Report *v1alpha1.NodeAuditReport
}

// Verdict is what the compiler says of the policy. It has the shape of compile.Verdict.
type Verdict struct {
	// Reason is empty where the policy compiles.
	Reason string
	// Message says what is wrong and what to do.
	Message string
	// Warnings are the compiler's remarks.
	Warnings []string
	// MissingSinks are the names in the policy's routes that no AuditSink bears.
	MissingSinks []string
}

// Clock is how old a report may be, and now.
type Clock struct {
	// Now is the time at which the status is made.
	Now time.Time
	// StaleAfter is the age beyond which a report counts as missing.
	StaleAfter time.Duration
}

// maxWarnings is the schema's bound on status.warnings.
const maxWarnings = 20

// Policy returns the status of the policy. nodes are those that it selects. Conditions keep the time of their last transition from the
// policy's present status.
func Policy(policy *v1alpha1.AuditPolicy, verdict Verdict, nodes []Node, clock Clock) v1alpha1.AuditPolicyStatus {
	views := look(policy, verdict, nodes, clock)
	f := facts{policy: policy, verdict: verdict, views: views, counts: count(views), problems: problems(views)}
	return v1alpha1.AuditPolicyStatus{
		ObservedGeneration: policy.Generation,
		Conditions:         f.conditions(clock.Now),
		Nodes:              f.counts,
		Problems:           bounded(append(f.problems, notices(views)...)),
		Warnings:           verdict.Warnings[:min(len(verdict.Warnings), maxWarnings)],
	}
}
