package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
