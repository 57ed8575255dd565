package nodeagent

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/reboot"
)

// reboots tells others that the node needs a reboot, and reports on the latest one.
type reboots struct {
	log      *slog.Logger
	record   *reboot.Log
	sentinel reboot.Sentinel // to write to
	host     reboot.Sentinel // to look at
	failed   string          // the last error
}

func newReboots(options Options, bootID string) (*reboots, error) {
	started, err := host.BootTime()
	if err != nil {
		return nil, err
	}
	return &reboots{
		log: options.Log, record: reboot.Open(options.StateDir, bootID, started, options.Log),
		sentinel: reboot.Sentinel{Dir: options.RunDir}, host: reboot.Sentinel{Dir: filepath.Join(options.HostRoot, "run")},
	}, nil
}

// complete adds what is true about reboots. The report has everything else by then.
func (r *reboots) complete(report *v1alpha1.NodeAuditReport, config nodeconfig.Config, acknowledged string) {
	now := time.Now()
	need, signal := reboot.Need(config.Policies, *report)
	var outstanding []string
	if need != "" {
		report.Reboot = &v1alpha1.RebootNeed{Reason: need}
		outstanding = append(outstanding, need)
	}
	if need == "" && report.State == v1alpha1.NodeInSync {
		r.record.Helped()
	}
	signalled := r.tell(report, signal)
	if r.host.Others() {
		outstanding = append(outstanding, v1alpha1.ReasonSentinel)
	}
	if report.Kernel != nil { // else it is not known what the lock is
		r.say("judging the next reboot", r.record.Note(now, report.Kernel.Enabled, outstanding, signalled))
	}
	report.LastReboot = r.record.Last()
	if c := reboot.Condition(report.LastReboot, acknowledged, now); c != nil {
		report.Conditions = append(report.Conditions, *c)
	}
}

// tell writes the sentinel or takes it back, and returns the need that it stands for.
func (r *reboots) tell(report *v1alpha1.NodeAuditReport, signal bool) string {
	if !signal {
		r.say("taking back that the node needs a reboot", r.sentinel.Clear())
		return ""
	}
	need := report.ConfigDigest + " " + report.Reboot.Reason
	if r.record.Tried(need) {
		report.Reboot.Message = "the node has been rebooted for this configuration and still needs it: /run/reboot-required is not written again"
		r.say("taking back that the node needs a reboot", r.sentinel.Clear())
		return need
	}
	if err := r.sentinel.Set(report.Reboot.Reason); err != nil {
		report.Reboot.Message = bounded(err.Error(), maxBootMessage)
		r.say("telling that the node needs a reboot", err)
		return ""
	}
	report.Reboot.Signalled = true
	return need
}

// say logs an error once.
func (r *reboots) say(doing string, err error) {
	if err == nil {
		return
	}
	if text := doing + err.Error(); text != r.failed {
		r.failed = text
		r.log.Warn("what the node knows of reboots may be wrong", "doing", doing, "err", err)
	}
}

// end takes down that the agent was asked to end, as in a shutdown.
func (r *reboots) end() { r.say("judging the next reboot", r.record.End(time.Now())) }

// contested is the condition for a contest in the report.
func contested(report v1alpha1.NodeAuditReport) []v1alpha1.NodeCondition {
	c := report.Drift.Contested
	if c == nil {
		return nil
	}
	return []v1alpha1.NodeCondition{{
		Type: v1alpha1.ConditionContested, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonContested, LastTransitionTime: c.Since,
		Message: bounded(fmt.Sprintf("%d rules and settings are undone again and again, last by %s: let only one of the two manage them", c.Count, c.By), maxBootMessage),
	}}
}
