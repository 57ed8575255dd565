package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodeAuditStatus is what is true about auditing on one node. It bears the node's name and belongs to the Node object. Only the agent
// on that node can write it: an admission policy compares the node in the agent's bound token with the name.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=nas,categories={nodeaudit,security}
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Rules",type=integer,JSONPath=`.status.rules.loaded`
// +kubebuilder:printcolumn:name="Wanted",type=integer,JSONPath=`.status.rules.wanted`
// +kubebuilder:printcolumn:name="Audit",type=string,JSONPath=`.status.kernel.enabled`
// +kubebuilder:printcolumn:name="Next Boot",type=string,JSONPath=`.status.boot.next.audit`
// +kubebuilder:printcolumn:name="Lost",type=integer,JSONPath=`.status.kernel.lost`
// +kubebuilder:printcolumn:name="Drift",type=integer,JSONPath=`.status.drift.count`
// +kubebuilder:printcolumn:name="Heartbeat",type=date,JSONPath=`.status.heartbeatTime`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type NodeAuditStatus struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata; the name is the node's.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// status is the agent's report.
	// +required
	Status NodeAuditReport `json:"status,omitzero"`
}

// NodeAuditStatusList is a list of NodeAuditStatus objects.
//
// +kubebuilder:object:root=true
type NodeAuditStatusList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the objects.
	Items []NodeAuditStatus `json:"items"`
}

// NodeState is the verdict on a node, the worst that applies.
//
// +kubebuilder:validation:Enum=InSync;RulesDiffer;SettingsDiffer;Locked;RebootPending;Unsupported;Unknown
type NodeState string

const (
	// NodeInSync means that the kernel's own listing equals what the policies ask for, and the settings too.
	NodeInSync NodeState = "InSync"
	// NodeRulesDiffer means that rules are missing, refused, in the wrong order, or too many. Rules that wait for their path are no difference.
	NodeRulesDiffer NodeState = "RulesDiffer"
	// NodeSettingsDiffer means that the rules are right and a setting is not.
	NodeSettingsDiffer NodeState = "SettingsDiffer"
	// NodeLocked means that the audit system was locked by somebody else, with rules and settings that differ, before any of ours were in.
	NodeLocked NodeState = "Locked"
	// NodeRebootPending means that the audit system is locked with an earlier configuration: a reboot takes the new one in.
	NodeRebootPending NodeState = "RebootPending"
	// NodeUnsupported means that the node cannot be audited: no kernel support, no capability, or the wrong pid namespace.
	NodeUnsupported NodeState = "Unsupported"
	// NodeUnknown means that the agent could not find out.
	NodeUnknown NodeState = "Unknown"
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

// NodeAuditReport is an agent's report on its node.
//
// A node may lie, so the schema refuses what the controller could not read: one report that does not decode would hide those of all nodes
// from it. Times are in UTC, and reasons may become those of conditions.
type NodeAuditReport struct {
	// heartbeatTime is when the agent last looked. It is renewed at least once a minute; a report that is older than three minutes
	// counts as unknown.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	HeartbeatTime metav1.Time `json:"heartbeatTime"`

	// state is the verdict on the node.
	State NodeState `json:"state"`

	// reason is the verdict in one CamelCase word, for example `RuleRefused`.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Z][A-Za-z0-9]*)?$`
	Reason string `json:"reason,omitempty"`

	// message says what is wrong and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`

	// agentVersion is the version of the agent.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	AgentVersion string `json:"agentVersion,omitempty"`

	// bootID is the kernel's boot id: it changes with every boot.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	BootID string `json:"bootID,omitempty"`

	// configDigest is the digest of the node configuration that the report speaks of, in sync or not.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	ConfigDigest string `json:"configDigest,omitempty"`

	// inSyncSince is since when the node has been in sync with configDigest. Absent while it is not.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	InSyncSince *metav1.Time `json:"inSyncSince,omitempty"`

	// policies lists the policies in that configuration with the generation of each.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Policies []NodePolicyReport `json:"policies,omitempty"`

	// kernel is what the kernel says of itself. Absent where it could not be asked.
	// +optional
	Kernel *KernelReport `json:"kernel,omitempty"`

	// boot is what the running kernel was started with, and what the boot loader would start next. Absent where the agent has not looked.
	// +optional
	Boot *BootReport `json:"boot,omitempty"`

	// reboot says whether the node needs a reboot for what its policies ask for. Absent where it does not.
	// +optional
	Reboot *RebootNeed `json:"reboot,omitempty"`

	// lastReboot is the latest reboot between two looks of the agent. Absent where it has seen none.
	// +optional
	LastReboot *RebootRecord `json:"lastReboot,omitempty"`

	// conditions are `UnexpectedReboot` and `Contested`, each present only while it is true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []NodeCondition `json:"conditions,omitempty"`

	// lock says who has locked the audit system, and what the next boot will load. Absent on a node that is not locked and that no policy
	// wants to lock.
	// +optional
	Lock *LockReport `json:"lock,omitempty"`

	// rules counts the rules in the kernel and names those that are not as they should be.
	// +optional
	Rules RulesReport `json:"rules,omitempty,omitzero"`

	// drift counts the changes by others that the agent found and repaired since it first started on this boot.
	// +optional
	Drift DriftReport `json:"drift,omitempty,omitzero"`

	// events counts the events on their way to the sinks, since the agent started.
	// +optional
	Events EventsReport `json:"events,omitempty,omitzero"`

	// sinks reports on each sink that the node's routes name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Sinks []SinkReport `json:"sinks,omitempty"`

	// logs says how far the files of sinks on the node are signed, for `nodeaudit verify`.
	// +optional
	// +listType=map
	// +listMapKey=file
	// +kubebuilder:validation:MaxItems=64
	Logs []LogReport `json:"logs,omitempty"`
}

// NodePolicyReport is the state of one policy on one node.
type NodePolicyReport struct {
	// name is the AuditPolicy's.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// generation is the one that the node's configuration was compiled from.
	Generation int64 `json:"generation"`
	// state is the verdict on this policy's rules and settings.
	State NodeState `json:"state"`
	// reason is the verdict in one CamelCase word.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Z][A-Za-z0-9]*)?$`
	Reason string `json:"reason,omitempty"`
	// message says what is wrong with this policy's rules and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
}

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

// BootAudit is what kernel command lines say about audit=, in the kernel's own reading.
//
// +kubebuilder:validation:Enum=On;Off;Mixed;Unknown
type BootAudit string

const (
	// BootAuditOn means that the kernel records from its start on: audit=1 is there, and no audit=0.
	BootAuditOn BootAudit = "On"
	// BootAuditOff means that it does not.
	BootAuditOff BootAudit = "Off"
	// BootAuditMixed means that entries of the boot loader differ. It is said of the next boot only.
	BootAuditMixed BootAudit = "Mixed"
	// BootAuditUnknown means that it could not be read. It is never said of what was read.
	BootAuditUnknown BootAudit = "Unknown"
)

// BootReport is what a node was booted with, and what it will boot with.
type BootReport struct {
	// loader is the boot loader, for example `grub2` or `systemd-boot`; `unknown` where none was recognised.
	// +kubebuilder:validation:MaxLength=64
	Loader string `json:"loader"`
	// running is the command line of the running kernel, /proc/cmdline.
	Running BootParameters `json:"running"`
	// next are the entries that the boot loader can start next, those for rescue left out.
	Next BootParameters `json:"next"`
	// findings say what is not as it should be, and what to do; at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Findings []BootFinding `json:"findings,omitempty"`
	// remediation is what the agent has done to the boot loader's configuration. Absent where no policy asks for it and nothing is left of it.
	// +optional
	Remediation *BootRemediationReport `json:"remediation,omitempty"`
	// beginning says whether recording began before the first service of the running boot.
	// +optional
	Beginning *BootBeginning `json:"beginning,omitempty"`
}

// BootRemediationState is what has become of `boot.remediation: Configure` on a node.
//
// +kubebuilder:validation:Enum=Configured;NotNeeded;Pending;Refused;Failed
type BootRemediationState string

const (
	// BootConfigured means that the agent has configured the boot loader, and that the next boot has what was asked for.
	BootConfigured BootRemediationState = "Configured"
	// BootNotNeeded means that every entry had it already: the agent has changed nothing.
	BootNotNeeded BootRemediationState = "NotNeeded"
	// BootPending means that it is being done, or being undone.
	BootPending BootRemediationState = "Pending"
	// BootRefused means that the agent will not touch this node's boot loader. The message says why, and what to do by hand.
	BootRefused BootRemediationState = "Refused"
	// BootFailed means that it was tried and did not succeed, or did not have the effect. The message says what happened.
	BootFailed BootRemediationState = "Failed"
)

// BootRemediationReport is what the agent has done to the boot loader's configuration.
type BootRemediationReport struct {
	// state is `Configured`, `NotNeeded`, `Pending`, `Refused` or `Failed`.
	State BootRemediationState `json:"state"`
	// message says what was done, or what stands in the way and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
}

// BootCoverage says from when on the running boot is recorded.
//
// +kubebuilder:validation:Enum=FromTheStart;WithGaps;TooLate;Unknown
type BootCoverage string

const (
	// BootFromTheStart means that records begin before the first service, and that the kernel had lost none when the agent first looked.
	BootFromTheStart BootCoverage = "FromTheStart"
	// BootWithGaps means that they begin in time, and that the kernel lost some before somebody read them: the backlog was too small.
	BootWithGaps BootCoverage = "WithGaps"
	// BootTooLate means that the first service was started before the first record, or without audit=1.
	BootTooLate BootCoverage = "TooLate"
	// BootCoverageUnknown means that a time is not known.
	BootCoverageUnknown BootCoverage = "Unknown"
)

// BootBeginning is how recording began in the running boot.
type BootBeginning struct {
	// coverage is the verdict.
	Coverage BootCoverage `json:"coverage"`
	// firstRecord is the time of the earliest record of this boot that was found. Absent where none was.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	FirstRecord *metav1.Time `json:"firstRecord,omitempty"`
	// firstService is when the oldest service that still runs was started. Absent where that is not known.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	FirstService *metav1.Time `json:"firstService,omitempty"`
	// lost is the number of records that the kernel had lost when the agent first looked on this boot.
	Lost int64 `json:"lost"`
	// message says what is known, and what is not.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
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

// BootParameters are the parameters of kernel command lines that are about auditing.
type BootParameters struct {
	// audit is `On`, `Off`, `Mixed` or `Unknown`.
	Audit BootAudit `json:"audit"`
	// backlogLimit is audit_backlog_limit, the least one where entries differ. Absent where a command line has none, or could not be read.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	BacklogLimit *int64 `json:"backlogLimit,omitempty"`
}

// BootFinding is something about a node's boot that a person should know.
type BootFinding struct {
	// reason is the finding in one CamelCase word.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Z][A-Za-z0-9]*)?$`
	Reason string `json:"reason"`
	// message says what was found, where, and what to do.
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
}

// RebootNeed is why a node needs a reboot, and who has been told.
type RebootNeed struct {
	// reason is `RebootPending`, where a lock keeps an earlier configuration, or `BootParameters`, where only the next boot carries what a policy
	// demands of the kernel command line.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Z][A-Za-z0-9]*)?$`
	Reason string `json:"reason"`
	// signalled says that /run/reboot-required stands for it.
	Signalled bool `json:"signalled"`
	// message says why the file could not be written. Empty where it was, and where no policy asks for it.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// RebootRecord is a reboot that the agent has found when it started.
type RebootRecord struct {
	// bootID is that of the boot which the reboot began.
	// +kubebuilder:validation:MaxLength=64
	BootID string `json:"bootID"`
	// bootTime is when the kernel started.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	BootTime metav1.Time `json:"bootTime"`
	// lastSeen is when the agent last looked on the boot before. What happened between the two times it cannot know.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	LastSeen metav1.Time `json:"lastSeen"`
	// expected says that a reboot was outstanding when the agent last looked: see reasons. A shutdown in good order alone does not make a reboot
	// expected.
	Expected bool `json:"expected"`
	// reasons are why it was expected: `RebootPending`, `BootParameters`, and `Sentinel` where /run/reboot-required stood for something else.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=64
	Reasons []string `json:"reasons,omitempty"`
	// orderly says that the agent had been asked to end before: the node was shut down, and did not crash.
	Orderly bool `json:"orderly"`
	// before is the kernel's `enabled` on the boot before: of a node that was `Locked` the reboot has taken the lock off.
	// +optional
	Before AuditEnabled `json:"before,omitempty"`
}

// NodeCondition is something about a node that a person should look at. `kubectl wait` reads it.
type NodeCondition struct {
	// type is `UnexpectedReboot` or `Contested`.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Type string `json:"type"`
	// status is `True`.
	// +kubebuilder:validation:Enum=True;False;Unknown
	Status metav1.ConditionStatus `json:"status"`
	// reason is the cause in one CamelCase word.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Reason string `json:"reason"`
	// message says what happened and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// lastTransitionTime is since when it is true.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	LastTransitionTime metav1.Time `json:"lastTransitionTime"`
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

// EventsReport counts events and losses.
type EventsReport struct {
	// received is the number of events that were read whole from the kernel.
	Received int64 `json:"received"`
	// lost counts losses by where they happened.
	// +optional
	Lost LossReport `json:"lost,omitempty,omitzero"`
	// routes counts what the node's routes did with events, in their order. It has the first 256.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Routes []RouteReport `json:"routes,omitempty"`
}

// RouteReport counts the events of one route on one node, since the agent started. What is filtered, throttled, sampled or aggregated was left out
// because the route asks for it, and is no loss.
type RouteReport struct {
	// name is policy/route.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// matched is the number of events that the route took.
	Matched int64 `json:"matched"`
	// filtered is how many of them it dropped because it says drop: true.
	// +optional
	Filtered int64 `json:"filtered,omitempty"`
	// throttled is how many were beyond its budget.
	// +optional
	Throttled int64 `json:"throttled,omitempty"`
	// sampled is how many were not in its sample.
	// +optional
	Sampled int64 `json:"sampled,omitempty"`
	// aggregated is how many were repetitions, which it counted.
	// +optional
	Aggregated int64 `json:"aggregated,omitempty"`
	// errors is for how many events its expression could not be evaluated; they did not match.
	// +optional
	Errors int64 `json:"errors,omitempty"`
	// lastError is the latest of these errors, or why the route cannot match at all.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastError string `json:"lastError,omitempty"`
}

// LossReport counts losses: in records for kernel, in events for gap, queue and sink.
type LossReport struct {
	// kernel is the growth of the kernel's own lost counter since the agent started.
	Kernel int64 `json:"kernel"`
	// socket is the number of times the kernel found the agent's socket full (ENOBUFS).
	Socket int64 `json:"socket"`
	// gap is the number of serial numbers that never came.
	Gap int64 `json:"gap"`
	// queue is the number of events that found a sink's queue full.
	Queue int64 `json:"queue"`
	// sink is the number of events that a sink could not write and gave up.
	Sink int64 `json:"sink"`
}

// SinkReport is the state of one sink on one node.
type SinkReport struct {
	// name is the AuditSink's.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// written is the number of events since the agent started.
	Written int64 `json:"written"`
	// dropped is the number of events that were given up.
	Dropped int64 `json:"dropped"`
	// queued is the number of events that wait.
	// +optional
	Queued int64 `json:"queued,omitempty"`
	// queuedBytes is the size of what waits in the queue of a destination elsewhere, what an earlier agent left on disk included.
	// +optional
	QueuedBytes int64 `json:"queuedBytes,omitempty"`
	// lastSuccessTime is when a destination elsewhere last took events.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	LastSuccessTime *metav1.Time `json:"lastSuccessTime,omitempty"`
	// lastError is the latest error. Empty when the last write succeeded.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastError string `json:"lastError,omitempty"`
}

// LogReport is the chain of checkpoints of one file of a sink.
type LogReport struct {
	// file is its name without directory.
	// +kubebuilder:validation:MaxLength=255
	File string `json:"file"`
	// publicKey is what its checkpoints are checked with: an Ed25519 key in base64.
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9+/]{43}=$`
	PublicKey string `json:"publicKey"`
	// latest is the latest checkpoint at the time of the report. A log that lacks it was cut.
	Latest LogCheckpoint `json:"latest"`
}

// LogCheckpoint is a place in a chain.
type LogCheckpoint struct {
	// sequence is its number; each has one more than the one before.
	// +kubebuilder:validation:Minimum=1
	Sequence int64 `json:"sequence"`
	// hash is the SHA-256 of what is signed, in hexadecimal.
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	Hash string `json:"hash"`
	// time is when it was written.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	Time metav1.Time `json:"time"`
}
