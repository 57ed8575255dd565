package converge

import (
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

func (c *Converger) report(have Have, verdict Verdict, digest string) v1alpha1.NodeAuditReport {
	report := v1alpha1.NodeAuditReport{
		State: verdict.State, Reason: verdict.Reason, Message: limit(verdict.Message, maxText),
		BootID: c.options.BootID, ConfigDigest: digest, Policies: verdict.Policies, Rules: verdict.Rules, Drift: c.ledger.Drift, InSyncSince: c.since,
	}
	report.Drift.Contested = c.contestReport()
	if have.Err == nil {
		report.Kernel = kernelReport(have.Status)
	}
	return report
}

func kernelReport(status kernel.Status) *v1alpha1.KernelReport {
	report := &v1alpha1.KernelReport{
		Enabled: v1alpha1.AuditOff, FailureMode: v1alpha1.FailureModePanic,
		BacklogLimit: int64(status.BacklogLimit), RateLimit: int64(status.RateLimit),
		Lost: int64(status.Lost), Backlog: int64(status.Backlog), AuditdPID: int64(status.PID),
	}
	switch status.Enabled {
	case kernel.On:
		report.Enabled = v1alpha1.AuditOn
	case kernel.Locked:
		report.Enabled = v1alpha1.AuditLocked
	}
	if int(status.Failure) < len(failureModes) {
		report.FailureMode = failureModes[status.Failure]
	}
	return report
}
