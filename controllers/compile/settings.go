package compile

import (
	"fmt"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// kernelSettings joins spec.kernel with the control lines of the rules (-b, -f, -r). spec.kernel wins, with a remark where they differ.
//
// A lock (-e 2) is an error of the rules: it lasts until a reboot, so it must be asked for by its own name.
func kernelSettings(spec v1alpha1.KernelSettings, lines rule.Settings) (v1alpha1.KernelSettings, []string) {
	var remarks []string
	merged := *spec.DeepCopy()
	merged.BacklogLimit, remarks = number("-b", "backlogLimit", spec.BacklogLimit, lines.BacklogLimit, remarks)
	merged.RateLimit, remarks = number("-r", "rateLimit", spec.RateLimit, lines.RateLimit, remarks)
	if mode := failureMode(lines.FailureMode); merged.FailureMode == "" {
		merged.FailureMode = mode
	} else if mode != "" && mode != merged.FailureMode {
		remarks = append(remarks, fmt.Sprintf("-f says %s and kernel.failureMode %s: kernel.failureMode wins", mode, merged.FailureMode))
	}
	return merged, append(remarks, ignored(lines)...)
}

func number(flag, field string, spec, line *int64, remarks []string) (*int64, []string) {
	if spec == nil || line == nil {
		if spec == nil {
			spec = line
		}
		return spec, remarks
	}
	if *spec != *line {
		remarks = append(remarks, fmt.Sprintf("%s says %d and kernel.%s %d: kernel.%s wins", flag, *line, field, *spec, field))
	}
	return spec, remarks
}

// failureMode names the values of auditctl -f.
func failureMode(value *int) v1alpha1.FailureMode {
	modes := []v1alpha1.FailureMode{v1alpha1.FailureModeSilent, v1alpha1.FailureModePrintk, v1alpha1.FailureModePanic}
	if value == nil || *value < 0 || *value >= len(modes) {
		return ""
	}
	return modes[*value]
}

// ignored says which control lines have no effect.
func ignored(lines rule.Settings) []string {
	var remarks []string
	if lines.Enabled != nil && *lines.Enabled == 0 {
		remarks = append(remarks, "-e 0 has no effect: a policy with rules turns auditing on; remove the line")
	}
	if lines.BacklogWaitTime != nil {
		remarks = append(remarks, "--backlog_wait_time has no effect: nodes keep theirs; remove the line")
	}
	if lines.LoginuidImmutable {
		remarks = append(remarks, "--loginuid-immutable has no effect: nodes keep theirs; remove the line")
	}
	return remarks
}

// merge fills what earlier policies left open.
func merge(into *v1alpha1.KernelSettings, from v1alpha1.KernelSettings) {
	if into.BacklogLimit == nil {
		into.BacklogLimit = from.BacklogLimit
	}
	if into.RateLimit == nil {
		into.RateLimit = from.RateLimit
	}
	if into.FailureMode == "" {
		into.FailureMode = from.FailureMode
	}
	into.Immutable = into.Immutable || from.Immutable
}

// mergeBoot takes the larger limit: both policies ask for a least value.
func mergeBoot(into *v1alpha1.BootSettings, from v1alpha1.BootSettings) {
	if from.Remediation == "" {
		return
	}
	into.Remediation = from.Remediation
	if from.BacklogLimit != nil && (into.BacklogLimit == nil || *from.BacklogLimit > *into.BacklogLimit) {
		into.BacklogLimit = from.BacklogLimit
	}
}

// difference describes the first setting that both ask for in different ways, and is empty where there is none. A lock is no such
// setting: who does not ask for it does not ask against it.
func difference(mine, theirs v1alpha1.KernelSettings) string {
	for _, s := range []struct {
		field        string
		mine, theirs *int64
	}{
		{"backlogLimit", mine.BacklogLimit, theirs.BacklogLimit},
		{"rateLimit", mine.RateLimit, theirs.RateLimit},
	} {
		if s.mine != nil && s.theirs != nil && *s.mine != *s.theirs {
			return fmt.Sprintf("kernel.%s is %d here and %d", s.field, *s.mine, *s.theirs)
		}
	}
	if mine.FailureMode != "" && theirs.FailureMode != "" && mine.FailureMode != theirs.FailureMode {
		return fmt.Sprintf("kernel.failureMode is %s here and %s", mine.FailureMode, theirs.FailureMode)
	}
	return ""
}
