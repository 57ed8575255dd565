package converge

import (
	"fmt"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// setting is the name of a setting as auditctl -s prints it.
type setting string

const (
	backlogLimit setting = "backlog_limit"
	failureMode  setting = "failure"
	rateLimit    setting = "rate_limit"
	enabled      setting = "enabled"
)

// allSettings is in the order of messages; enabled is last, because the others should be right when recording begins.
var allSettings = []setting{backlogLimit, failureMode, rateLimit, enabled}

var failureModes = []v1alpha1.FailureMode{v1alpha1.FailureModeSilent, v1alpha1.FailureModePrintk, v1alpha1.FailureModePanic}

// numbers returns the values that a policy asks for. The lock is not among them.
func numbers(asked v1alpha1.KernelSettings) map[setting]uint32 {
	values := map[setting]uint32{}
	if asked.BacklogLimit != nil {
		values[backlogLimit] = uint32(*asked.BacklogLimit)
	}
	if asked.RateLimit != nil {
		values[rateLimit] = uint32(*asked.RateLimit)
	}
	for number, mode := range failureModes {
		if asked.FailureMode == mode {
			values[failureMode] = uint32(number)
		}
	}
	return values
}

// settings returns the values that the policies ask for.
func (w Want) settings() map[setting]uint32 {
	values := numbers(w.Kernel)
	if w.enables() {
		values[enabled] = kernel.On
	}
	return values
}

// targets returns the values that the kernel should have: what policies ask for, and otherwise what was there before the agent changed it.
func targets(want Want, have Have) map[setting]uint32 {
	values := want.settings()
	for name, found := range have.Ledger.Found {
		if _, asked := values[name]; !asked && !wantedByAuditd(name, found, have.Status) {
			values[name] = found
		}
	}
	if have.Status.Enabled == kernel.Locked {
		delete(values, enabled) // on, and that cannot be changed
	}
	return values
}

// wantedByAuditd says that an auditd of the host, which turns auditing on when it starts, has come since the agent found it off.
func wantedByAuditd(name setting, found uint32, status kernel.Status) bool {
	return name == enabled && found == kernel.Off && status.PID != 0
}

// unequal returns what is to be set, and is nil where nothing is.
func unequal(targets, now map[setting]uint32) map[setting]uint32 {
	var changes map[setting]uint32
	for name, value := range targets {
		if now[name] == value {
			continue
		}
		if changes == nil {
			changes = map[setting]uint32{}
		}
		changes[name] = value
	}
	return changes
}

// encode turns values into a request.
func encode(values map[setting]uint32) kernel.Settings {
	value := func(name setting) *uint32 {
		if v, given := values[name]; given {
			return &v
		}
		return nil
	}
	return kernel.Settings{
		Enabled: value(enabled), Failure: value(failureMode), RateLimit: value(rateLimit), BacklogLimit: value(backlogLimit),
	}
}

// sentence says which settings are not as they should be.
func sentence(wrong, now map[setting]uint32) string {
	var parts []string
	for _, name := range allSettings {
		if value, is := wrong[name]; is {
			parts = append(parts, fmt.Sprintf("%s is %d and should be %d", name, now[name], value))
		}
	}
	return strings.Join(parts, ", ")
}
