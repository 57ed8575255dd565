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
// +kubebuilder:printcolumn:name="Who",type=string,priority=1,JSONPath=`.status.events.who.processes`
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

	// tenantsDigest is the digest of the document of tenants (the ConfigMap nodeaudit-tenants) that the node works with: their routes in it are in force
	// here, except those on which events.routes has a lastError. Absent where no tenants are let in, or no policy selects the node.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	TenantsDigest string `json:"tenantsDigest,omitempty"`

	// tenantSinks reports on each NamespacedAuditSink for which pods on the node had events, named namespace/name. It has the first 256.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	TenantSinks []SinkReport `json:"tenantSinks,omitempty"`

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
