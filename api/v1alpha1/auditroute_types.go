package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AuditRoute sends audit events of a namespace's own pods to sinks of that namespace. It is for the people of the namespace: it takes nothing from the
// routes of the platform, and they take nothing from it. Which activity is recorded at all, policies say.
//
// It works where the platform lets tenants in (the chart's value tenants.enabled). docs/tenants.md shows how.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=ar,categories={nodeaudit,security}
// +kubebuilder:printcolumn:name="Sinks",type=string,JSONPath=`.spec.sinks`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the route's name is used in metrics: choose one of at most 63 characters"
type AuditRoute struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which events go where.
	// +required
	Spec AuditRouteSpec `json:"spec,omitzero"`
	// status says whether the route is in use. The controller alone writes it.
	// +optional
	Status AuditRouteStatus `json:"status,omitempty,omitzero"`
}

// AuditRouteList is a list of AuditRoute objects.
//
// +kubebuilder:object:root=true
type AuditRouteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the objects.
	Items []AuditRoute `json:"items"`
}

// AuditRouteSpec is like a route of a policy, about the events of the namespace's own pods. Every route of the namespace sees all of them.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.sample) && has(self.aggregate))",message="sample and aggregate do not go together, because what is counted would be a sample: remove one of them"
type AuditRouteSpec struct {
	// match chooses events of the namespace's own pods. Empty matches all of them.
	// +optional
	Match TenantMatch `json:"match,omitempty,omitzero"`

	// exclude takes events out of match again: one that fits any of these does not go through this route.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Exclude []TenantMatch `json:"exclude,omitempty"`

	// budget bounds how many events go through in a time, on each node. What is beyond it is left out, counted, and told in the stream by an event of type
	// NODEAUDIT_THROTTLED. Without one, and above it, the platform's holds: the chart's value tenants.limits.eventsPerSecond.
	// +optional
	Budget *TenantBudget `json:"budget,omitempty"`

	// sample is the share of events that goes through, for example `1%` or `0.5%`. The default is all of them.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:Pattern=`^(0\.0*[1-9][0-9]*|[1-9][0-9]?(\.[0-9]+)?)%$`
	Sample string `json:"sample,omitempty"`

	// aggregate lets the first of events that are alike through at once, and counts the others. At the end of the interval an event of type
	// NODEAUDIT_REPEATED says how many there were.
	// +optional
	Aggregate *Aggregate `json:"aggregate,omitempty"`

	// sinks are names of NamespacedAuditSink objects in the same namespace, for example `[siem]`.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Sinks []string `json:"sinks,omitempty"`
}

// TenantMatch chooses events of a namespace's own pods. An event fits when it fits everything that is given; it fits a list when it fits one item of it.
// docs/routes.md says how each is compared.
type TenantMatch struct {
	// keys are rule keys (-k), for example `[exec]`. The event fits when it carries one of them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	Keys []string `json:"keys,omitempty"`

	// types are types of events, for example `[SYSCALL, SECCOMP]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Types []string `json:"types,omitempty"`

	// syscalls are names of system calls, for example `[execve, execveat]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Syscalls []string `json:"syscalls,omitempty"`

	// result is `Success` or `Failure`. An event that tells neither fits none.
	// +optional
	Result MatchResult `json:"result,omitempty"`

	// users are numbers of the real user (uid) of the process, as the node sees them, for example `["0"]`. Names are the node's own, and no tenant's.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=10
	// +kubebuilder:validation:items:Pattern=`^[0-9]+$`
	Users []string `json:"users,omitempty"`

	// paths are files as the container names them, for example `[/etc/shadow, /etc/ssh/, /home/*/.ssh/**]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	Paths []string `json:"paths,omitempty"`

	// executables are programs, in the same way, for example `[/usr/bin/curl, '**/sh']`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	Executables []string `json:"executables,omitempty"`

	// podLabels chooses pods of the namespace by their labels, for example `{matchLabels: {app: web}}`.
	// +optional
	PodLabels *metav1.LabelSelector `json:"podLabels,omitempty"`

	// cel is an expression in the Common Expression Language about `event`, for all that the lists cannot say, for example
	// `event.who.entered && event.args.exists(a, a == "-c")`. docs/routes.md lists the fields.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	CEL string `json:"cel,omitempty"`
}

// TenantBudget is a number of events in a time on each node, a token bucket: what is not used is kept, up to burst.
type TenantBudget struct {
	// events is how many events may go through in each `per`, for example `100`.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Events int32 `json:"events,omitempty"`

	// per is that time, for example `1s`, which is the default, or `1m`. It is at least 1ms and at most 1h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1ms') && duration(self) <= duration('1h')",message="give a time from 1ms to 1h, for example 1s or 1m"
	Per metav1.Duration `json:"per,omitempty,omitzero"`

	// burst is how many events may go through at once after a quiet time, for example `500`. The default is the number of events.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Burst int32 `json:"burst,omitempty"`
}

// AuditRouteStatus says whether a route is in use. The controller alone writes it.
type AuditRouteStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions has Ready: the route compiles, keeps to the limits, every sink of it is there and in use, and every node that a policy selects and that reports
	// has said that it works with the route and its sinks as they are now. Until then its reason is Progressing.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
