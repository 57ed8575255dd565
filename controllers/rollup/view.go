package rollup

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// view is what a policy knows of one node.
type view struct {
	name    string
	state   v1alpha1.NodeState
	reason  string
	message string
	// onItsWay: nobody has to do anything, the node is expected to come.
	onItsWay bool
	// waiting: the rollout has not let the node go yet.
	waiting bool
	locked  bool
	// boot is what is wrong with the node's boot, empty where it is verified.
	boot string
	// rebooted is what is to be said of a reboot that nobody has asked for, and empty where there is nothing.
	rebooted string
	// failing are the sinks that the node cannot write to, with the errors.
	failing []v1alpha1.SinkReport
}

func look(policy *v1alpha1.AuditPolicy, verdict Verdict, nodes []Node, clock Clock) []view {
	views := make([]view, 0, len(nodes))
	for _, node := range nodes {
		views = append(views, see(policy, verdict, node, clock))
	}
	slices.SortFunc(views, func(a, b view) int { return cmp.Compare(a.name, b.name) })
	return views
}

// see asks in the order in which the answers make the others meaningless: no report, an old one, one of a node that cannot be audited, one on
// another configuration, one on another generation.
func see(policy *v1alpha1.AuditPolicy, verdict Verdict, node Node, clock Clock) view {
	v := view{name: node.Name, state: v1alpha1.NodeUnknown, waiting: node.Current != node.Desired, boot: "the node does not report"}
	if message := silent(node.Report, clock); message != "" {
		v.reason, v.message = v1alpha1.ReasonNotReporting, message
		return v
	}
	report := node.Report
	v.boot = unverified(report.Boot, policy.Spec.Boot.BacklogLimit)
	v.locked = report.Kernel != nil && report.Kernel.Enabled == v1alpha1.AuditLocked
	for _, c := range report.Conditions {
		if c.Type == v1alpha1.ConditionUnexpectedReboot {
			v.rebooted = c.Message
		}
	}
	own, found := ofPolicy(report, policy)
	switch {
	case report.State == v1alpha1.NodeUnsupported:
		v.state, v.reason, v.message = report.State, report.Reason, report.Message
	case report.Reason == v1alpha1.ReasonInvalidConfig:
		v.state, v.reason, v.message = v1alpha1.NodeRulesDiffer, report.Reason, report.Message
	case report.ConfigDigest != node.Desired || !found:
		v.reason, v.message, v.onItsWay = later(policy, verdict, v.waiting)
	default:
		v.state, v.reason, v.message = own.State, own.Reason, cmp.Or(own.Message, report.Message)
		v.failing = failing(report, policy.Spec.Routes)
	}
	return v
}

// silent says why the report does not count, and is empty where it does.
func silent(report *v1alpha1.NodeAuditReport, clock Clock) string {
	if report == nil {
		return "the agent has never reported: see whether its pod runs on the node"
	}
	// The messages give the time and not the age: one that changes with every look would be written with every look.
	at := report.HeartbeatTime.UTC().Format(time.RFC3339)
	switch age := clock.Now.Sub(report.HeartbeatTime.Time); {
	case age > clock.StaleAfter:
		return fmt.Sprintf("the agent last reported at %s: see whether its pod runs on the node", at)
	case age < -clock.StaleAfter:
		return fmt.Sprintf("the agent's report is dated %s, which is to come: set the node's clock", at)
	default:
		return ""
	}
}

// later is the view on a node that has not reported on the present generation.
func later(policy *v1alpha1.AuditPolicy, verdict Verdict, waiting bool) (reason, message string, onItsWay bool) {
	switch {
	case verdict.Reason != "":
		return verdict.Reason, "the node keeps what it has, until the policy compiles", false
	case waiting && policy.Spec.Rollout.Paused:
		return v1alpha1.ReasonPaused, "the node keeps what it has, until rollout.paused is false", true
	case waiting:
		return v1alpha1.ReasonProgressing, "the node waits for its turn in the rollout", true
	default:
		return v1alpha1.ReasonProgressing, "the node has its new configuration and has not yet reported on it", true
	}
}

// ofPolicy finds the report on the policy, of this generation.
func ofPolicy(report *v1alpha1.NodeAuditReport, policy *v1alpha1.AuditPolicy) (v1alpha1.NodePolicyReport, bool) {
	for _, own := range report.Policies {
		if own.Name == policy.Name {
			return own, own.Generation == policy.Generation
		}
	}
	return v1alpha1.NodePolicyReport{}, false
}

// failing picks the sinks of the policy's routes that the node cannot write to. Without routes events go to the sink that every node has.
func failing(report *v1alpha1.NodeAuditReport, routes []v1alpha1.Route) []v1alpha1.SinkReport {
	var list []v1alpha1.SinkReport
	for _, sink := range report.Sinks {
		used := len(routes) == 0 && sink.Name == nodeconfig.DefaultSink || slices.ContainsFunc(routes, func(r v1alpha1.Route) bool { return slices.Contains(r.Sinks, sink.Name) })
		if used && sink.LastError != "" {
			list = append(list, sink)
		}
	}
	return list
}

// count puts each node into one group; locked and bootNotVerified count across them.
func count(views []view) v1alpha1.NodeCounts {
	counts := v1alpha1.NodeCounts{Selected: int32(len(views))}
	for _, v := range views {
		switch v.state {
		case v1alpha1.NodeInSync:
			counts.InSync++
		case v1alpha1.NodeRulesDiffer, v1alpha1.NodeSettingsDiffer:
			counts.OutOfSync++
		case v1alpha1.NodeLocked, v1alpha1.NodeRebootPending:
			counts.RebootPending++
		case v1alpha1.NodeUnsupported:
			counts.Unsupported++
		default:
			counts.Unknown++
		}
		if v.locked {
			counts.Locked++
		}
		if v.boot != "" {
			counts.BootNotVerified++
		}
	}
	return counts
}
