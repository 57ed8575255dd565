package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// AuditPolicy declares which activity the kernels of the selected nodes record, how the kernel's audit system is set up there, and
// where the records go. Its status says what is true on those nodes.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=ap,categories={nodeaudit,security}
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="In Sync",type=integer,JSONPath=`.status.nodes.inSync`
// +kubebuilder:printcolumn:name="Selected",type=integer,JSONPath=`.status.nodes.selected`
// +kubebuilder:printcolumn:name="Locked",type=integer,JSONPath=`.status.nodes.locked`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the policy's name is used in labels and keys: choose one of at most 63 characters"
type AuditPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is what the selected nodes must record, and how.
	// +required
	Spec AuditPolicySpec `json:"spec,omitzero"`
	// status is what is true on the selected nodes. The controller alone writes it.
	// +optional
	Status AuditPolicyStatus `json:"status,omitempty,omitzero"`
}

// AuditPolicyList is a list of AuditPolicy objects.
//
// +kubebuilder:object:root=true
type AuditPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the objects.
	Items []AuditPolicy `json:"items"`
}

// Mode says whether a policy changes its nodes or only reports on them.
//
// +kubebuilder:validation:Enum=Enforce;Observe
type Mode string

const (
	// ModeEnforce loads the rules and applies the settings.
	ModeEnforce Mode = "Enforce"
	// ModeObserve changes nothing and reports how the nodes differ from the policy.
	ModeObserve Mode = "Observe"
)

// UnmanagedRules says what happens to rules in a node's kernel that no policy declares.
//
// +kubebuilder:validation:Enum=Keep;Remove
type UnmanagedRules string

const (
	// UnmanagedRulesKeep leaves the rules of others alone and counts them.
	UnmanagedRulesKeep UnmanagedRules = "Keep"
	// UnmanagedRulesRemove deletes them: the policies on the node become the whole truth.
	UnmanagedRulesRemove UnmanagedRules = "Remove"
)

// Collect says from where the agent takes the kernel's records.
//
// +kubebuilder:validation:Enum=Auto;Multicast;Unicast;Off
type Collect string

const (
	// CollectAuto leaves it to the other policies of the node, and is Multicast where none of them says.
	CollectAuto Collect = "Auto"
	// CollectMulticast reads beside whatever audit daemon the node has, and changes nothing for it.
	CollectMulticast Collect = "Multicast"
	// CollectUnicast makes the agent the node's audit daemon as long as there is no other, and is Multicast while there is one.
	CollectUnicast Collect = "Unicast"
	// CollectOff reads nothing: rules are loaded, and their records are the node's own affair.
	CollectOff Collect = "Off"
)

// FailureMode is what the kernel does when it cannot record: auditctl -f.
//
// +kubebuilder:validation:Enum=Silent;Printk;Panic
type FailureMode string

const (
	// FailureModeSilent says nothing (auditctl -f 0).
	FailureModeSilent FailureMode = "Silent"
	// FailureModePrintk writes to the kernel log (auditctl -f 1), the kernel's default.
	FailureModePrintk FailureMode = "Printk"
	// FailureModePanic halts the node (auditctl -f 2).
	FailureModePanic FailureMode = "Panic"
)

// Pack names a built-in rule set.
//
// +kubebuilder:validation:Enum=docker;kubernetes-node;cis;stig;pci-dss;ospp;attack;self-protection;noise
type Pack string

// PackParameters are values of the built-in rule sets that differ between sites.
type PackParameters struct {
	// uidMin is the first user id of people on the nodes, UID_MIN of /etc/login.defs, for example `500`. The default is 1000.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4294967294
	UIDMin *int64 `json:"uidMin,omitempty"`
}

// AuditPolicySpec is what people ask for.
type AuditPolicySpec struct {
	// nodeSelector chooses nodes by their labels, for example `{matchLabels: {kubernetes.io/os: linux}}`. Empty, the default,
	// selects every Linux node. Node labels can be changed by whoever may update Node objects, so prefer labels that the
	// NodeRestriction admission plugin keeps kubelets from setting (node-restriction.kubernetes.io/…).
	// +optional
	NodeSelector metav1.LabelSelector `json:"nodeSelector,omitempty,omitzero"`

	// priority orders the policies of one node, for example `100`; the default is 0. The rules of a higher priority come first in the
	// kernel, where the first match wins, and its settings win where policies disagree. Equal priorities are ordered by name.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=-1000000
	// +kubebuilder:validation:Maximum=1000000
	Priority int32 `json:"priority"`

	// mode is `Enforce`, the default, or `Observe`: report how nodes differ and change nothing.
	// +optional
	// +kubebuilder:default=Enforce
	Mode Mode `json:"mode,omitempty"`

	// rules are audit rules in the language of auditctl(8), one a line, as in /etc/audit/rules.d, for example
	// `-w /etc/passwd -p wa -k identity`. Paths, users and groups are those of the node. A line that cannot be compiled makes the
	// policy Stalled, with its number and the reason, and no node changes.
	// +optional
	// +kubebuilder:validation:MaxLength=524288
	Rules string `json:"rules,omitempty"`

	// packs are built-in rule sets, for example `[docker, kubernetes-node]`; `nodeaudit packs` lists and prints them. Their rules come behind
	// those of `rules`, in the order of this list.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	Packs []Pack `json:"packs,omitempty"`

	// packParameters are values of the packs that differ between sites.
	// +optional
	PackParameters PackParameters `json:"packParameters,omitempty,omitzero"`

	// optimize lets nodes load fewer and cheaper rules that record the same events under the same keys. The default is true; false loads the
	// rules as they are written.
	// +optional
	// +kubebuilder:default=true
	Optimize *bool `json:"optimize,omitempty"`

	// unmanagedRules is `Keep`, the default, or `Remove`: delete rules from the kernel that no policy declares, those of a host auditd
	// included.
	// +optional
	// +kubebuilder:default=Keep
	UnmanagedRules UnmanagedRules `json:"unmanagedRules,omitempty"`

	// kernel sets up the kernel's audit system. A value that is absent is left as the node has it.
	// +optional
	Kernel KernelSettings `json:"kernel,omitempty,omitzero"`

	// collect says how the agent gets the kernel's records. `Multicast` reads beside the node's auditd, if it has one. `Unicast` makes the agent
	// the node's audit daemon while no other runs: then the kernel waits for the agent instead of dropping, keeps no copies for a daemon that
	// never comes, and hands over what was recorded before the agent started. `Off` reads nothing. `Auto`, the default, is what other policies of the node ask for, and
	// Multicast where none does, because that takes nothing away from anybody. Where policies disagree the highest priority wins; one that only
	// observes has no say.
	// +optional
	// +kubebuilder:default=Auto
	Collect Collect `json:"collect,omitempty"`

	// boot says what the nodes' kernel command lines must carry, so that nothing runs unrecorded after a reboot.
	// +optional
	Boot BootSettings `json:"boot,omitempty,omitzero"`

	// reboot says what a node does when what the policy asks for needs a reboot.
	// +optional
	Reboot RebootSettings `json:"reboot,omitempty,omitzero"`

	// rollout says how a change reaches the nodes.
	// +optional
	Rollout Rollout `json:"rollout,omitempty,omitzero"`

	// routes send events to sinks, or drop them. The first route whose match fits takes the event. An event that no route of any policy takes
	// stays in the node's own file, /var/log/nodeaudit/audit.log. A route that cannot be compiled makes the policy Stalled, with its name and
	// the reason, and no node changes.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Routes []Route `json:"routes,omitempty"`
}

// KernelSettings are the settings of the kernel's audit system, those of audit_status in audit(7).
type KernelSettings struct {
	// backlogLimit is the number of records that the kernel queues for user space, for example `8192` (auditctl -b). Records that
	// find it full are lost. Absent: as the node has it. 0 means without limit.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1048576
	BacklogLimit *int64 `json:"backlogLimit,omitempty"`

	// failureMode is what the kernel does when it cannot record: `Silent`, `Printk` or `Panic` (auditctl -f). Absent: as the node
	// has it. Panic halts the node.
	// +optional
	FailureMode FailureMode `json:"failureMode,omitempty"`

	// rateLimit is the number of records a second beyond which the kernel drops, for example `10000` (auditctl -r). 0 means
	// without limit. Absent: as the node has it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000000
	RateLimit *int64 `json:"rateLimit,omitempty"`

	// immutable locks the audit system once the rules are in the kernel and verified (auditctl -e 2). A lock is taken off by a
	// reboot only: until then a changed policy leaves the node RebootPending. The default is false.
	// +optional
	Immutable bool `json:"immutable,omitempty"`
}

// BootDemand says whether a policy demands audit=1 on kernel command lines.
//
// +kubebuilder:validation:Enum=Required;Optional
type BootDemand string

const (
	// BootRequired keeps the policy from being Ready until the running and the next boot of every node are known to carry audit=1.
	BootRequired BootDemand = "Required"
	// BootOptional reports what the nodes have.
	BootOptional BootDemand = "Optional"
)

// BootRemediation says whether the agent may change what the boot loader is configured with.
//
// +kubebuilder:validation:Enum=Report;Configure
type BootRemediation string

const (
	// BootReportOnly changes nothing: nodes report what they have.
	BootReportOnly BootRemediation = "Report"
	// BootConfigure lets the agent bring the parameters to the boot loader by the means of the node's distribution, and take them out again.
	BootConfigure BootRemediation = "Configure"
)

// BootSettings are demands on the kernel command line, see kernel-parameters in the kernel's documentation.
type BootSettings struct {
	// audit is `Required` where the policy is Ready only when every node runs with `audit=1` and is known to do so after the next boot too,
	// or `Optional`, the default: nodes report what they have.
	// +optional
	// +kubebuilder:default=Optional
	Audit BootDemand `json:"audit,omitempty"`

	// backlogLimit is the least value of `audit_backlog_limit` that both must carry, for example `8192`: records of the time before the
	// agent starts wait in this queue. Absent: any.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1048576
	BacklogLimit *int64 `json:"backlogLimit,omitempty"`

	// remediation is `Report`, the default, or `Configure`: the agent gives the boot loader audit=1 and audit_backlog_limit (backlogLimit, or
	// 8192) by the means of the node's distribution, and takes them out again when no policy asks for it. What it does not understand it
	// leaves alone, and says what to do. It needs the chart's value agent.remediation.enabled, and the node's next reboot. A policy in mode
	// Observe configures nothing.
	// +optional
	// +kubebuilder:default=Report
	Remediation BootRemediation `json:"remediation,omitempty"`
}

// RebootSignal says how a node tells that it needs a reboot.
//
// +kubebuilder:validation:Enum=None;Sentinel
type RebootSignal string

const (
	// RebootSignalNone tells it in the status only.
	RebootSignalNone RebootSignal = "None"
	// RebootSignalSentinel also writes /run/reboot-required, which kured and the tools of Debian and Ubuntu understand.
	RebootSignalSentinel RebootSignal = "Sentinel"
)

// RebootSettings say what happens where a reboot is needed. nodeaudit itself reboots nothing.
type RebootSettings struct {
	// signal is `Sentinel` where a node that needs a reboot for this policy, because it is RebootPending or because only its next boot carries
	// what `boot` demands, has the file `/run/reboot-required`, and a line of nodeaudit in `/run/reboot-required.pkgs`. With kured installed
	// that drains and reboots the node. `None`, the default, tells it in the status only.
	// +optional
	// +kubebuilder:default=None
	Signal RebootSignal `json:"signal,omitempty"`
}

// Rollout says how many nodes may change at a time.
type Rollout struct {
	// maxUnavailable is how many of the selected nodes may be on their way to a new configuration at one time, as a number or a
	// share, for example `25%`. The default is 100%: all at once. At least one node moves.
	// +optional
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 1 && self <= 1000000 : self.matches('^([1-9]|[1-9][0-9]|100)%$')",message="give a number of nodes (1 or more) or a share from 1% to 100%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// soak is how long a node must have been in sync with the new configuration before it no longer counts as on its way, for example
	// `2m`. The default is 0s, the most is 168h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('168h')",message="give a duration of at most 168h, for example 30s, 2m or 1h30m"
	Soak metav1.Duration `json:"soak,omitempty,omitzero"`

	// paused keeps every node at the configuration it has. The default is false.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// AuditPolicyStatus is what is true on the selected nodes. The controller alone writes it.
type AuditPolicyStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, Reconciling and Stalled as kstatus defines them, and Compiled, Applied, BootVerified, Immutable and Routed.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// nodes counts the selected nodes by their state.
	// +optional
	Nodes NodeCounts `json:"nodes,omitempty,omitzero"`

	// problems lists each distinct reason why nodes are not in sync, the most frequent first, and then what else a person should know about
	// nodes: `UnexpectedReboot`.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Problems []Problem `json:"problems,omitempty"`

	// warnings are remarks of the compiler on the rules: they load, but probably not with the effect that was meant.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Warnings []string `json:"warnings,omitempty"`
}

// NodeCounts counts the nodes of a policy by their state. Each selected node is in exactly one of inSync, outOfSync, rebootPending,
// unsupported and unknown; locked and bootNotVerified count across them.
type NodeCounts struct {
	// selected is the number of nodes that the policy selects.
	Selected int32 `json:"selected"`
	// inSync nodes have reported, after this generation, that their kernel has exactly what the policies ask for.
	InSync int32 `json:"inSync"`
	// outOfSync nodes have reported a difference.
	OutOfSync int32 `json:"outOfSync"`
	// locked nodes have a locked audit system (enabled 2), in sync or not.
	Locked int32 `json:"locked"`
	// rebootPending nodes are locked with other rules or settings than the policies ask for.
	RebootPending int32 `json:"rebootPending"`
	// bootNotVerified nodes are not known to have audit=1 both on the running kernel's command line and on that of the next boot, whether
	// the policy demands it or not.
	BootNotVerified int32 `json:"bootNotVerified"`
	// unsupported nodes cannot be audited: the message in problems says why.
	Unsupported int32 `json:"unsupported"`
	// unknown nodes have not reported, or not lately, or not yet on this generation.
	Unknown int32 `json:"unknown"`
}

// Problem is one reason why nodes are not in sync, or something that a person should look at.
type Problem struct {
	// reason is one of the reasons of NodeAuditStatus, for example `RulesDiffer`.
	Reason string `json:"reason"`
	// message says what is wrong and what to do, in the words of the first node in the list.
	Message string `json:"message"`
	// count is the number of nodes that have it.
	Count int32 `json:"count"`
	// nodes names at most ten of them, in alphabetical order.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	Nodes []string `json:"nodes"`
}
