package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AuditEnabled is the kernel's `enabled` value.
//
// +kubebuilder:validation:Enum=Off;On;Locked
type AuditEnabled string

const (
	// AuditOff is 0: the kernel records nothing.
	AuditOff AuditEnabled = "Off"
	// AuditOn is 1.
	AuditOn AuditEnabled = "On"
	// AuditLocked is 2: on, and neither rules nor settings can change until the node reboots.
	AuditLocked AuditEnabled = "Locked"
)

// KernelReport is struct audit_status of the running kernel, see audit.h.
type KernelReport struct {
	// enabled is `Off`, `On` or `Locked`.
	Enabled AuditEnabled `json:"enabled"`
	// failureMode is what the kernel does when it cannot record.
	FailureMode FailureMode `json:"failureMode"`
	// backlogLimit is the number of records the kernel queues; 0 is without limit.
	BacklogLimit int64 `json:"backlogLimit"`
	// rateLimit is in records a second; 0 is without limit.
	RateLimit int64 `json:"rateLimit"`
	// lost is the number of records the kernel has lost since boot, or since somebody reset it.
	Lost int64 `json:"lost"`
	// backlog is the number of records that wait in the kernel.
	Backlog int64 `json:"backlog"`
	// auditdPID is the process that owns the unicast socket, the host's auditd as a rule. 0 is none.
	AuditdPID int64 `json:"auditdPID"`
}

// LockedBy is who has locked the audit system.
//
// +kubebuilder:validation:Enum=Nodeaudit;Host
type LockedBy string

const (
	// LockedByNodeaudit means that the agent has locked it, or what the agent had staged for this boot.
	LockedByNodeaudit LockedBy = "Nodeaudit"
	// LockedByHost means that somebody else has, mostly `-e 2` in the host's own rules files.
	LockedByHost LockedBy = "Host"
)

// LockReport is about `enabled 2`, which nothing but a reboot takes off, and about what the next boot will load.
type LockReport struct {
	// lockedBy is `Nodeaudit` or `Host`. Absent while the audit system is not locked.
	// +optional
	LockedBy LockedBy `json:"lockedBy,omitempty"`
	// since is when the agent locked it, or first found it locked, on this boot.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	Since *metav1.Time `json:"since,omitempty"`
	// sinceBootID is the first boot of an unbroken row of boots on which the agent has seen it locked by the same.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	SinceBootID string `json:"sinceBootID,omitempty"`
	// missing are rules that a reboot has to bring: the kernel lacks them and cannot take them; at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=16384
	Missing []string `json:"missing,omitempty"`
	// superfluous are rules that a reboot has to take: the agent had put them in, and no policy asks for them any more; at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=16384
	Superfluous []string `json:"superfluous,omitempty"`
	// staged says that the next boot will load the rules and settings that the policies ask for now.
	Staged bool `json:"staged"`
	// stagedIn is the file that has them.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	StagedIn string `json:"stagedIn,omitempty"`
	// message says what keeps the next boot from loading them, or what else will be in the way.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
}

// RulesReport counts rules.
type RulesReport struct {
	// wanted is the number of rules that the policies ask for on this node.
	Wanted int32 `json:"wanted"`
	// loaded is the number of those that the kernel lists.
	Loaded int32 `json:"loaded"`
	// unmanaged is the number of rules in the kernel that no policy asks for.
	Unmanaged int32 `json:"unmanaged"`
	// problems names wanted rules that are not loaded, and why; at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Problems []RuleProblem `json:"problems,omitempty"`
}

// RuleProblem is a rule that is not loaded.
type RuleProblem struct {
	// rule is its text.
	// +kubebuilder:validation:MaxLength=16384
	Rule string `json:"rule"`
	// policy is the policy that has it.
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy"`
	// reason is `Waiting` (for its path to appear), `Unresolved` (a user or group the node does not have), `Refused` (by the
	// kernel), `Missing` (observed only, or not yet loaded).
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Z][A-Za-z0-9]*)?$`
	Reason string `json:"reason"`
	// message says what the rule needs.
	// +kubebuilder:validation:MaxLength=8192
	Message string `json:"message"`
}

// DriftReport counts changes that others made.
type DriftReport struct {
	// count is the number of observations that found a change.
	Count int64 `json:"count"`
	// lastTime is when the latest was found.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	LastTime *metav1.Time `json:"lastTime,omitempty"`
	// lastMessage says what it was.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastMessage string `json:"lastMessage,omitempty"`
	// lastBy is who made it, as far as the kernel's record of the change tells. Absent where it does not.
	// +optional
	LastBy *Actor `json:"lastBy,omitempty"`
	// contested says that somebody keeps undoing the same changes, which are therefore repaired less and less often. Absent where nobody does.
	// +optional
	Contested *ContestReport `json:"contested,omitempty"`
}

// Actor is who changed the audit system. It has no arguments of the process: those may be secret.
type Actor struct {
	// pid is the process, on the node.
	// +optional
	PID *int64 `json:"pid,omitempty"`
	// auid is the user who logged in. Absent for what no login has started, such as services.
	// +optional
	AUID *int64 `json:"auid,omitempty"`
	// ses is that login's session.
	// +optional
	Ses *int64 `json:"ses,omitempty"`
	// exe is the program's path.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Exe string `json:"exe,omitempty"`
	// comm is the process's name.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Comm string `json:"comm,omitempty"`
	// parent is the name of the program that started it, for example `augenrules`, where that still ran.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Parent string `json:"parent,omitempty"`
	// unit is the systemd unit, for example `auditd.service`, where the process or its parent still ran.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Unit string `json:"unit,omitempty"`
	// namespace is that of the pod, for a process in a container.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
	// pod is the pod's name.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Pod string `json:"pod,omitempty"`
}

// ContestReport is about changes that somebody keeps undoing.
type ContestReport struct {
	// count is the number of rules and settings that it is about.
	Count int32 `json:"count"`
	// since is when it was found out.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	Since metav1.Time `json:"since"`
	// nextRepair is the earliest time at which the agent repairs again. Absent where everything is in place now.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	NextRepair *metav1.Time `json:"nextRepair,omitempty"`
	// by is who did it the last time. Absent where it is not known.
	// +optional
	By *Actor `json:"by,omitempty"`
}
