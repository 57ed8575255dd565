package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AuditSink is one destination of audit events. The routes of AuditPolicy objects name it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=as,categories={nodeaudit,security}
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Nodes",type=integer,JSONPath=`.status.nodes.using`
// +kubebuilder:printcolumn:name="Healthy",type=integer,JSONPath=`.status.nodes.healthy`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the sink's name is used in labels and metrics: choose one of at most 63 characters"
// +kubebuilder:validation:XValidation:rule="self.metadata.name != 'node-default'",message="node-default is the sink that every node has already: choose another name"
type AuditSink struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is the destination.
	// +required
	Spec AuditSinkSpec `json:"spec,omitzero"`
	// status is what the nodes report about it. The controller alone writes it.
	// +optional
	Status AuditSinkStatus `json:"status,omitempty,omitzero"`
}

// AuditSinkList is a list of AuditSink objects.
//
// +kubebuilder:object:root=true
type AuditSinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the objects.
	Items []AuditSink `json:"items"`
}

// SinkType names the kind of a destination, and with it the member of AuditSinkSpec that configures it.
//
// +kubebuilder:validation:Enum=file;stdout
type SinkType string

const (
	// SinkTypeFile writes lines to a file on the node.
	SinkTypeFile SinkType = "file"
	// SinkTypeStdout writes lines to the standard output of the agent, where the cluster's log collector finds them.
	SinkTypeStdout SinkType = "stdout"
)

// AuditSinkSpec is a union: `type` names the one member that may be set. A member with nothing but defaults may be left out.
//
// +kubebuilder:validation:XValidation:rule="!has(self.file) || self.type == 'file'",message="`file` is set but `type` is not `file`: set `type: file` or remove `file`"
// +kubebuilder:validation:XValidation:rule="!has(self.stdout) || self.type == 'stdout'",message="`stdout` is set but `type` is not `stdout`: set `type: stdout` or remove `stdout`"
type AuditSinkSpec struct {
	// type is `file` or `stdout`.
	// +unionDiscriminator
	// +required
	Type SinkType `json:"type,omitempty"`

	// file configures the type `file`.
	// +optional
	// +unionMember
	File *FileSink `json:"file,omitempty"`

	// stdout configures the type `stdout`.
	// +optional
	// +unionMember
	Stdout *StdoutSink `json:"stdout,omitempty"`

	// format is the form of an event, for example `ecs`; docs/forms.md compares them. `native`, the default, is the JSON of docs/events.md, which
	// has everything. `ecs` is the Elastic Common Schema, `ocsf` the Open Cybersecurity Schema Framework, `otlp` OpenTelemetry log records in
	// JSON, `raw` the lines of audit.log for ausearch and aureport, `text` a line for people. Sinks with the same file have one form: that of the
	// last name.
	// +optional
	Format SinkFormat `json:"format,omitempty"`
}

// SinkFormat is a form of an event.
//
// +kubebuilder:validation:Enum=native;ecs;ocsf;otlp;raw;text
type SinkFormat string

const (
	// SinkFormatNative is the JSON of docs/events.md.
	SinkFormatNative SinkFormat = "native"
	// SinkFormatECS is JSON of the Elastic Common Schema.
	SinkFormatECS SinkFormat = "ecs"
	// SinkFormatOCSF is JSON of the Open Cybersecurity Schema Framework.
	SinkFormatOCSF SinkFormat = "ocsf"
	// SinkFormatOTLP is JSON of OpenTelemetry log records.
	SinkFormatOTLP SinkFormat = "otlp"
	// SinkFormatRaw is the lines of audit.log.
	SinkFormatRaw SinkFormat = "raw"
	// SinkFormatText is a line for people.
	SinkFormatText SinkFormat = "text"
)

// FileSink is a file on each node, rotated by size.
type FileSink struct {
	// path is the file on the node, below /var/log/nodeaudit, for example `/var/log/nodeaudit/docker.log`. The default is
	// /var/log/nodeaudit/audit.log. The directory is the only one of the node's that the agent can write logs to.
	// +optional
	// +kubebuilder:default="/var/log/nodeaudit/audit.log"
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^/var/log/nodeaudit/[A-Za-z0-9][A-Za-z0-9._-]*$`
	// +kubebuilder:validation:XValidation:rule="!self.matches('[.][0-9]+([.]gz)?$')",message="path ends like a rotated file, and another sink could rotate it away: choose a name that does not end in a number"
	Path string `json:"path,omitempty"`

	// maxSize is the size at which the file is rotated, for example `100Mi`, the default.
	// +optional
	// +kubebuilder:default="100Mi"
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).compareTo(quantity('64Ki')) >= 0 && quantity(string(self)).compareTo(quantity('64Gi')) <= 0",message="maxSize must be between 64Ki and 64Gi"
	MaxSize *resource.Quantity `json:"maxSize,omitempty"`

	// maxFiles is the number of rotated files that are kept beside the current one, for example `5`, the default. The oldest is
	// deleted.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxFiles int32 `json:"maxFiles,omitempty"`

	// compress packs rotated files with gzip. The default is true.
	// +optional
	// +kubebuilder:default=true
	Compress *bool `json:"compress,omitempty"`
}

// StdoutSink has nothing to configure.
type StdoutSink struct{}

// AuditSinkStatus is what the nodes report about a sink. The controller alone writes it.
type AuditSinkStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions has Ready: every node that uses the sink could write to it the last time it tried.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// nodes counts the nodes that use the sink.
	// +optional
	Nodes SinkNodeCounts `json:"nodes,omitempty,omitzero"`

	// lastError is the latest error that a node reported, with the node's name.
	// +optional
	LastError string `json:"lastError,omitempty"`
}

// SinkNodeCounts counts the nodes of a sink.
type SinkNodeCounts struct {
	// using is the number of nodes whose routes name the sink.
	Using int32 `json:"using"`
	// healthy is the number of those whose last write succeeded, or that have had nothing to write.
	Healthy int32 `json:"healthy"`
}
