package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NamespacedAuditSink is one destination of the audit events of a namespace's own pods. The AuditRoute objects of the namespace name it. It is what an
// AuditSink is, but of one namespace: it sends over the network only, and the Secrets that it names are those of its own namespace, which must let the
// agents read them: docs/tenants.md has the Role.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=nsas,categories={nodeaudit,security}
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Nodes",type=integer,JSONPath=`.status.nodes.using`
// +kubebuilder:printcolumn:name="Healthy",type=integer,JSONPath=`.status.nodes.healthy`
// +kubebuilder:printcolumn:name="Backlog",type=integer,JSONPath=`.status.delivery.backlog`
// +kubebuilder:printcolumn:name="Dropped",type=integer,JSONPath=`.status.delivery.dropped`
// +kubebuilder:printcolumn:name="Last success",type=date,JSONPath=`.status.delivery.lastSuccessTime`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the sink's name is used in labels and metrics: choose one of at most 63 characters"
type NamespacedAuditSink struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is the destination, in the words of an AuditSink. Secrets are those of this namespace.
	// +required
	// +kubebuilder:validation:XValidation:rule="self.type in ['syslog', 'gelf', 'fluentd', 'splunk', 'otlp', 'loki', 'elasticsearch', 'opensearch', 'webhook', 'kafka', 's3', 'cloudwatch', 'alertmanager']",message="this type is not for tenants: it is a part of the node, or takes the node's own rights"
	// +kubebuilder:validation:XValidation:rule="(!has(self.s3) || has(self.s3.auth)) && (!has(self.cloudwatch) || has(self.cloudwatch.auth))",message="give auth: a tenant logs in with keys of its own, and not with the node's rights"
	// +kubebuilder:validation:XValidation:rule="!has(self.queue) || !has(self.queue.type) || self.queue.type == 'Disk'",message="the queue of a tenant is on disk: memory is the agent's, and all share it"
	Spec AuditSinkSpec `json:"spec,omitzero"`
	// status is what the nodes report about it: those where pods of the namespace had events for it. The controller alone writes it.
	// +optional
	Status AuditSinkStatus `json:"status,omitempty,omitzero"`
}

// NamespacedAuditSinkList is a list of NamespacedAuditSink objects.
//
// +kubebuilder:object:root=true
type NamespacedAuditSinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the objects.
	Items []NamespacedAuditSink `json:"items"`
}
