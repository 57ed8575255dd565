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
// +kubebuilder:printcolumn:name="Backlog",type=integer,JSONPath=`.status.delivery.backlog`
// +kubebuilder:printcolumn:name="Dropped",type=integer,JSONPath=`.status.delivery.dropped`
// +kubebuilder:printcolumn:name="Last success",type=date,JSONPath=`.status.delivery.lastSuccessTime`
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
// +kubebuilder:validation:Enum=file;stdout;syslog;journald;gelf;fluentd;splunk;otlp;loki;elasticsearch;opensearch;webhook;kafka;s3;cloudwatch;googleCloud;alertmanager
type SinkType string

const (
	// SinkTypeFile writes lines to a file on the node.
	SinkTypeFile SinkType = "file"
	// SinkTypeStdout writes lines to the standard output of the agent, where the cluster's log collector finds them.
	SinkTypeStdout SinkType = "stdout"
	// SinkTypeSyslog sends to a syslog receiver, over UDP, TCP or TLS.
	SinkTypeSyslog SinkType = "syslog"
	// SinkTypeJournald writes to the node's own journal.
	SinkTypeJournald SinkType = "journald"
	// SinkTypeGELF sends to Graylog and others that take GELF.
	SinkTypeGELF SinkType = "gelf"
	// SinkTypeFluentd sends to Fluentd, Fluent Bit and others that take the forward protocol, which acknowledge.
	SinkTypeFluentd SinkType = "fluentd"
	// SinkTypeSplunk sends to the HTTP Event Collector of Splunk.
	SinkTypeSplunk SinkType = "splunk"
	// SinkTypeOTLP sends to what takes OpenTelemetry logs, over gRPC or HTTP.
	SinkTypeOTLP SinkType = "otlp"
	// SinkTypeLoki sends to Grafana Loki's OpenTelemetry endpoint.
	SinkTypeLoki SinkType = "loki"
	// SinkTypeElasticsearch writes to a data stream or index of Elasticsearch.
	SinkTypeElasticsearch SinkType = "elasticsearch"
	// SinkTypeOpenSearch writes to a data stream or index of OpenSearch.
	SinkTypeOpenSearch SinkType = "opensearch"
	// SinkTypeWebhook posts to any HTTP server.
	SinkTypeWebhook SinkType = "webhook"
	// SinkTypeKafka writes to a topic of Kafka.
	SinkTypeKafka SinkType = "kafka"
	// SinkTypeS3 puts objects into a bucket of S3, or of what is compatible with it.
	SinkTypeS3 SinkType = "s3"
	// SinkTypeCloudWatch writes to CloudWatch Logs.
	SinkTypeCloudWatch SinkType = "cloudwatch"
	// SinkTypeGoogleCloud writes to Google Cloud Logging.
	SinkTypeGoogleCloud SinkType = "googleCloud"
	// SinkTypeAlertmanager raises alerts at Alertmanager.
	SinkTypeAlertmanager SinkType = "alertmanager"
)

// AuditSinkSpec is a union: `type` names the one member that may be set. A member with nothing but defaults may be left out.
//
// +kubebuilder:validation:XValidation:rule="!has(self.file) || self.type == 'file'",message="`file` is set but `type` is not `file`: set `type: file` or remove `file`"
// +kubebuilder:validation:XValidation:rule="!has(self.stdout) || self.type == 'stdout'",message="`stdout` is set but `type` is not `stdout`: set `type: stdout` or remove `stdout`"
// +kubebuilder:validation:XValidation:rule="!has(self.syslog) || self.type == 'syslog'",message="`syslog` is set but `type` is not `syslog`: set `type: syslog` or remove `syslog`"
// +kubebuilder:validation:XValidation:rule="!has(self.journald) || self.type == 'journald'",message="`journald` is set but `type` is not `journald`: set `type: journald` or remove `journald`"
// +kubebuilder:validation:XValidation:rule="!has(self.gelf) || self.type == 'gelf'",message="`gelf` is set but `type` is not `gelf`: set `type: gelf` or remove `gelf`"
// +kubebuilder:validation:XValidation:rule="!has(self.fluentd) || self.type == 'fluentd'",message="`fluentd` is set but `type` is not `fluentd`: set `type: fluentd` or remove `fluentd`"
// +kubebuilder:validation:XValidation:rule="!has(self.splunk) || self.type == 'splunk'",message="`splunk` is set but `type` is not `splunk`: set `type: splunk` or remove `splunk`"
// +kubebuilder:validation:XValidation:rule="!has(self.otlp) || self.type == 'otlp'",message="`otlp` is set but `type` is not `otlp`: set `type: otlp` or remove `otlp`"
// +kubebuilder:validation:XValidation:rule="!has(self.loki) || self.type == 'loki'",message="`loki` is set but `type` is not `loki`: set `type: loki` or remove `loki`"
// +kubebuilder:validation:XValidation:rule="!has(self.elasticsearch) || self.type == 'elasticsearch'",message="`elasticsearch` is set but `type` is not `elasticsearch`: set `type: elasticsearch` or remove `elasticsearch`"
// +kubebuilder:validation:XValidation:rule="!has(self.opensearch) || self.type == 'opensearch'",message="`opensearch` is set but `type` is not `opensearch`: set `type: opensearch` or remove `opensearch`"
// +kubebuilder:validation:XValidation:rule="!has(self.webhook) || self.type == 'webhook'",message="`webhook` is set but `type` is not `webhook`: set `type: webhook` or remove `webhook`"
// +kubebuilder:validation:XValidation:rule="!has(self.kafka) || self.type == 'kafka'",message="`kafka` is set but `type` is not `kafka`: set `type: kafka` or remove `kafka`"
// +kubebuilder:validation:XValidation:rule="!has(self.s3) || self.type == 's3'",message="`s3` is set but `type` is not `s3`: set `type: s3` or remove `s3`"
// +kubebuilder:validation:XValidation:rule="!has(self.cloudwatch) || self.type == 'cloudwatch'",message="`cloudwatch` is set but `type` is not `cloudwatch`: set `type: cloudwatch` or remove `cloudwatch`"
// +kubebuilder:validation:XValidation:rule="!has(self.googleCloud) || self.type == 'googleCloud'",message="`googleCloud` is set but `type` is not `googleCloud`: set `type: googleCloud` or remove `googleCloud`"
// +kubebuilder:validation:XValidation:rule="!has(self.alertmanager) || self.type == 'alertmanager'",message="`alertmanager` is set but `type` is not `alertmanager`: set `type: alertmanager` or remove `alertmanager`"
// +kubebuilder:validation:XValidation:rule="self.type != 'syslog' || has(self.syslog)",message="`type` is `syslog` but there is no `syslog`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'gelf' || has(self.gelf)",message="`type` is `gelf` but there is no `gelf`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'fluentd' || has(self.fluentd)",message="`type` is `fluentd` but there is no `fluentd`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'splunk' || has(self.splunk)",message="`type` is `splunk` but there is no `splunk`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'otlp' || has(self.otlp)",message="`type` is `otlp` but there is no `otlp`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'loki' || has(self.loki)",message="`type` is `loki` but there is no `loki`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'elasticsearch' || has(self.elasticsearch)",message="`type` is `elasticsearch` but there is no `elasticsearch`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'opensearch' || has(self.opensearch)",message="`type` is `opensearch` but there is no `opensearch`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'webhook' || has(self.webhook)",message="`type` is `webhook` but there is no `webhook`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'kafka' || has(self.kafka)",message="`type` is `kafka` but there is no `kafka`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 's3' || has(self.s3)",message="`type` is `s3` but there is no `s3`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'cloudwatch' || has(self.cloudwatch)",message="`type` is `cloudwatch` but there is no `cloudwatch`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'googleCloud' || has(self.googleCloud)",message="`type` is `googleCloud` but there is no `googleCloud`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="self.type != 'alertmanager' || has(self.alertmanager)",message="`type` is `alertmanager` but there is no `alertmanager`: say in it where to send"
// +kubebuilder:validation:XValidation:rule="!(self.type in ['file', 'stdout']) || !(has(self.queue) || has(self.retry) || has(self.timeout) || has(self.podLabels))",message="queue, retry, timeout and podLabels are for destinations elsewhere: files and stdout are written at once and whole"
type AuditSinkSpec struct {
	// type is the kind of the destination, for example `splunk`: it names the one member that may be set.
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

	// syslog configures the type `syslog`.
	// +optional
	// +unionMember
	Syslog *SyslogSink `json:"syslog,omitempty"`

	// journald configures the type `journald`.
	// +optional
	// +unionMember
	Journald *JournaldSink `json:"journald,omitempty"`

	// gelf configures the type `gelf`.
	// +optional
	// +unionMember
	GELF *GELFSink `json:"gelf,omitempty"`

	// fluentd configures the type `fluentd`.
	// +optional
	// +unionMember
	Fluentd *FluentdSink `json:"fluentd,omitempty"`

	// splunk configures the type `splunk`.
	// +optional
	// +unionMember
	Splunk *SplunkSink `json:"splunk,omitempty"`

	// otlp configures the type `otlp`.
	// +optional
	// +unionMember
	OTLP *OTLPSink `json:"otlp,omitempty"`

	// loki configures the type `loki`.
	// +optional
	// +unionMember
	Loki *LokiSink `json:"loki,omitempty"`

	// elasticsearch configures the type `elasticsearch`.
	// +optional
	// +unionMember
	Elasticsearch *ElasticsearchSink `json:"elasticsearch,omitempty"`

	// opensearch configures the type `opensearch`.
	// +optional
	// +unionMember
	OpenSearch *ElasticsearchSink `json:"opensearch,omitempty"`

	// webhook configures the type `webhook`.
	// +optional
	// +unionMember
	Webhook *WebhookSink `json:"webhook,omitempty"`

	// kafka configures the type `kafka`.
	// +optional
	// +unionMember
	Kafka *KafkaSink `json:"kafka,omitempty"`

	// s3 configures the type `s3`.
	// +optional
	// +unionMember
	S3 *S3Sink `json:"s3,omitempty"`

	// cloudwatch configures the type `cloudwatch`.
	// +optional
	// +unionMember
	CloudWatch *CloudWatchSink `json:"cloudwatch,omitempty"`

	// googleCloud configures the type `googleCloud`.
	// +optional
	// +unionMember
	GoogleCloud *GoogleCloudSink `json:"googleCloud,omitempty"`

	// alertmanager configures the type `alertmanager`.
	// +optional
	// +unionMember
	Alertmanager *AlertmanagerSink `json:"alertmanager,omitempty"`

	// format is the form of an event, for example `ecs`; docs/forms.md compares them. `native`, the default, is the JSON of docs/events.md, which
	// has everything. `ecs` is the Elastic Common Schema, `ocsf` the Open Cybersecurity Schema Framework, `otlp` OpenTelemetry log records in
	// JSON, `raw` the lines of audit.log for ausearch and aureport, `text` a line for people. Sinks with the same file have one form: that of the
	// last name.
	// +optional
	Format SinkFormat `json:"format,omitempty"`

	// podLabels are labels of pods that go along with the events of those pods as fields of their own, for example `[app.kubernetes.io/name]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=317
	PodLabels []string `json:"podLabels,omitempty"`

	// queue is where events wait while the destination is away or slow.
	// +optional
	Queue *SinkQueue `json:"queue,omitempty"`

	// retry says how often it is tried again. It never gives up: what is refused for good is counted as dropped, the rest waits.
	// +optional
	Retry *SinkRetry `json:"retry,omitempty"`

	// timeout is how long the destination may take for one batch, for example `10s`, the default.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('5m')",message="timeout must be between 1s and 5m"
	Timeout *metav1.Duration `json:"timeout,omitempty"`
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

	// lastError is an error that a node reports now, with the node's name. Empty where all can write.
	// +optional
	LastError string `json:"lastError,omitempty"`

	// delivery sums up what the nodes report. It is at most a minute old.
	// +optional
	Delivery *SinkDelivery `json:"delivery,omitempty"`
}

// SinkDelivery sums up what nodes report about a sink.
type SinkDelivery struct {
	// written is the number of events that the destination has, since the agents started.
	Written int64 `json:"written"`
	// dropped is the number of events that were given up or found the queue full, since the agents started.
	Dropped int64 `json:"dropped"`
	// backlog is the number of events that wait.
	Backlog int64 `json:"backlog"`
	// backlogBytes is their size, of those that wait on disk since before the agents started too.
	BacklogBytes int64 `json:"backlogBytes"`
	// lastSuccessTime is when the destination last took events of any node.
	// +optional
	LastSuccessTime *metav1.Time `json:"lastSuccessTime,omitempty"`
	// countedAt is when these numbers were added up.
	CountedAt metav1.Time `json:"countedAt"`
}

// SinkNodeCounts counts the nodes of a sink.
type SinkNodeCounts struct {
	// using is the number of nodes whose routes name the sink.
	Using int32 `json:"using"`
	// healthy is the number of those whose last write succeeded, or that have had nothing to write.
	Healthy int32 `json:"healthy"`
}
