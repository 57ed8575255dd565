package rollup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// facts is what the conditions of a policy are made from.
type facts struct {
	policy   *v1alpha1.AuditPolicy
	verdict  Verdict
	views    []view
	counts   v1alpha1.NodeCounts
	problems []v1alpha1.Problem
}

// conditions puts the present ones in a fixed order after those that were there, and takes those out that are not present.
func (f facts) conditions(now time.Time) []metav1.Condition {
	present := []metav1.Condition{f.compiled(), f.applied(), f.bootVerified(), f.immutable(), f.routed(), f.ready()}
	if c, is := f.reconciling(); is {
		present = append(present, c)
	}
	if c, is := f.stalled(); is {
		present = append(present, c)
	}
	return carry(f.policy.Status.Conditions, present, f.policy.Generation, now)
}

// carry gives conditions the time of their last transition.
func carry(old, present []metav1.Condition, generation int64, now time.Time) []metav1.Condition {
	conditions := slices.Clone(old)
	conditions = slices.DeleteFunc(conditions, func(c metav1.Condition) bool {
		return meta.FindStatusCondition(present, c.Type) == nil
	})
	for _, c := range present {
		c.ObservedGeneration, c.LastTransitionTime = generation, metav1.NewTime(now)
		meta.SetStatusCondition(&conditions, c)
	}
	return conditions
}

func (f facts) compiled() metav1.Condition {
	if f.verdict.Reason != "" {
		return no(v1alpha1.ConditionCompiled, f.verdict.Reason, f.verdict.Message)
	}
	message := "rules and routes compile"
	if n := len(f.verdict.Warnings); n > 0 {
		message = fmt.Sprintf("rules and routes compile, with %d remarks: see status.warnings", n)
	}
	return yes(v1alpha1.ConditionCompiled, v1alpha1.ReasonCompiled, message)
}

func (f facts) applied() metav1.Condition {
	switch {
	case f.verdict.Reason != "":
		return no(v1alpha1.ConditionApplied, f.verdict.Reason, "no node changes until the policy compiles")
	case f.counts.Selected == 0:
		return no(v1alpha1.ConditionApplied, v1alpha1.ReasonNoNodes, noNodes)
	case f.counts.InSync == f.counts.Selected:
		return yes(v1alpha1.ConditionApplied, v1alpha1.ReasonInSync, f.tally())
	default:
		return no(v1alpha1.ConditionApplied, f.reason(), f.tally())
	}
}

func (f facts) immutable() metav1.Condition {
	locked := 0
	for _, v := range f.views {
		if v.locked && v.state == v1alpha1.NodeInSync {
			locked++
		}
	}
	message := fmt.Sprintf("%d of %d nodes are locked with the policy's rules", locked, len(f.views))
	switch {
	case !f.policy.Spec.Kernel.Immutable:
		return no(v1alpha1.ConditionImmutable, v1alpha1.ReasonNotRequested, "the policy does not ask for a lock (kernel.immutable)")
	case f.policy.Spec.Mode == v1alpha1.ModeObserve:
		return no(v1alpha1.ConditionImmutable, v1alpha1.ReasonNotRequested, "a policy in mode Observe locks no node")
	case len(f.views) > 0 && locked == len(f.views):
		return yes(v1alpha1.ConditionImmutable, v1alpha1.ReasonLocked, message)
	default:
		return no(v1alpha1.ConditionImmutable, v1alpha1.ReasonNotLocked, message)
	}
}

func (f facts) routed() metav1.Condition {
	if missing := f.verdict.MissingSinks; len(missing) > 0 {
		return no(v1alpha1.ConditionRouted, v1alpha1.ReasonSinkNotFound, fmt.Sprintf("no AuditSink is named %s: create it, or correct the "+
			"route; until then its events stay on the node, in /var/log/nodeaudit/audit.log", strings.Join(missing, ", ")))
	}
	failed := 0
	first := ""
	for _, v := range f.views {
		if len(v.failing) > 0 {
			failed++
			first = cmp.Or(first, fmt.Sprintf("node %s, sink %s: %s", v.name, v.failing[0].Name, v.failing[0].LastError))
		}
	}
	if failed > 0 {
		return no(v1alpha1.ConditionRouted, v1alpha1.ReasonSinkFailing, fmt.Sprintf("%d of %d nodes cannot write: %s", failed, len(f.views), first))
	}
	if len(f.policy.Spec.Routes) == 0 {
		return yes(v1alpha1.ConditionRouted, v1alpha1.ReasonRouted, "the policy has no routes: its events stay on the node, in /var/log/nodeaudit/audit.log, unless another policy routes them")
	}
	return yes(v1alpha1.ConditionRouted, v1alpha1.ReasonRouted, "every sink exists, and no node reports an error")
}

// ready joins the others. The first that is not as it should be gives the reason.
func (f facts) ready() metav1.Condition {
	if applied := f.applied(); applied.Status != metav1.ConditionTrue {
		message := applied.Message
		if f.verdict.Reason != "" {
			message = f.verdict.Message
		}
		return no(v1alpha1.ConditionReady, applied.Reason, message)
	}
	if boot := f.bootVerified(); boot.Reason == v1alpha1.ReasonBootNotVerified {
		return no(v1alpha1.ConditionReady, boot.Reason, boot.Message)
	}
	if immutable := f.immutable(); immutable.Reason == v1alpha1.ReasonNotLocked {
		return no(v1alpha1.ConditionReady, immutable.Reason, immutable.Message)
	}
	if routed := f.routed(); routed.Reason == v1alpha1.ReasonSinkNotFound {
		return no(v1alpha1.ConditionReady, routed.Reason, routed.Message)
	}
	return yes(v1alpha1.ConditionReady, v1alpha1.ReasonInSync, f.tally())
}

// reconciling is present while nodes are expected to come by themselves, or to wait in a paused rollout.
func (f facts) reconciling() (metav1.Condition, bool) {
	way := slices.IndexFunc(f.views, func(v view) bool { return v.onItsWay })
	if f.verdict.Reason != "" || way < 0 {
		return metav1.Condition{}, false
	}
	reason := v1alpha1.ReasonProgressing
	if slices.ContainsFunc(f.views, func(v view) bool { return v.reason == v1alpha1.ReasonPaused }) {
		reason = v1alpha1.ReasonPaused
	}
	return yes(v1alpha1.ConditionReconciling, reason, f.tally()), true
}

// stalled is present while the policy does not compile.
func (f facts) stalled() (metav1.Condition, bool) {
	return yes(v1alpha1.ConditionStalled, f.verdict.Reason, f.verdict.Message+". No node changes until this is corrected"), f.verdict.Reason != ""
}

const noNodes = "the policy selects no node: compare nodeSelector with kubectl get nodes --show-labels"

// reason is why not every node is in sync, in the words of conditions: what needs a person comes before what only needs time.
func (f facts) reason() string {
	switch {
	case f.counts.OutOfSync+f.counts.Unsupported > 0:
		return v1alpha1.ReasonNodesDiffer
	case f.counts.RebootPending > 0:
		return v1alpha1.ReasonRebootPending
	case f.has(v1alpha1.ReasonNotReporting):
		return v1alpha1.ReasonNotReporting
	case f.has(v1alpha1.ReasonPaused):
		return v1alpha1.ReasonPaused
	case slices.ContainsFunc(f.views, func(v view) bool { return v.onItsWay }):
		return v1alpha1.ReasonProgressing
	default:
		return v1alpha1.ReasonNodesDiffer
	}
}

func (f facts) has(reason string) bool {
	return slices.ContainsFunc(f.problems, func(p v1alpha1.Problem) bool { return p.Reason == reason })
}

// tally says how many nodes are in sync, and of the most frequent problem what it is and where.
func (f facts) tally() string {
	text := fmt.Sprintf("%d of %d nodes are in sync", f.counts.InSync, f.counts.Selected)
	if len(f.problems) == 0 {
		return text
	}
	p := f.problems[0]
	where := p.Nodes[0]
	if p.Count > 1 {
		where = fmt.Sprintf("%s and %d more", where, p.Count-1)
	}
	return fmt.Sprintf("%s; %s on %s: %s", text, p.Reason, where, p.Message)
}

func yes(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: shorten(message)}
}

func no(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionFalse, Reason: reason, Message: shorten(message)}
}

// shorten keeps within the schema's bound on a condition's message, 32768 bytes, with room to spare for who reads it.
func shorten(message string) string {
	const most = 8192
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}
