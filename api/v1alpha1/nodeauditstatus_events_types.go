package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EventsReport counts events and losses.
type EventsReport struct {
	// received is the number of events that were read whole from the kernel.
	Received int64 `json:"received"`
	// who says how the agent finds out in which container a process is. Absent while no events are read.
	// +optional
	Who *WhoReport `json:"who,omitempty"`
	// lost counts losses by where they happened.
	// +optional
	Lost LossReport `json:"lost,omitempty,omitzero"`
	// routes counts what the node's routes did with events, in their order. It has the first 256.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Routes []RouteReport `json:"routes,omitempty"`

	// leftQueues are queues on the node's disk for sinks that no route names any more, with the events that wait in them.
	// +optional
	// +listType=map
	// +listMapKey=sink
	// +kubebuilder:validation:MaxItems=64
	LeftQueues []LeftQueue `json:"leftQueues,omitempty"`
}

// LeftQueue is a queue on a node's disk for a sink that no route names any more.
type LeftQueue struct {
	// sink is the sink's name.
	// +kubebuilder:validation:MaxLength=512
	Sink string `json:"sink"`

	// events is how many wait. They go on where the sink is named again.
	// +kubebuilder:validation:Minimum=0
	Events int64 `json:"events"`

	// bytes is how large they are.
	// +kubebuilder:validation:Minimum=0
	Bytes int64 `json:"bytes"`

	// removedAfter is when they are removed and counted as lost, if the agent runs until then.
	RemovedAfter metav1.Time `json:"removedAfter"`
}

// ProcessSource is what tells where a process is.
// +kubebuilder:validation:Enum=eBPF;ProcFS
type ProcessSource string

const (
	// ProcessesEBPF: the kernel notes each process when it is made, moved, and runs a program.
	ProcessesEBPF ProcessSource = "eBPF"
	// ProcessesProcFS: /proc is read when an event arrives, so that the place of a process that is gone by then may not be known.
	ProcessesProcFS ProcessSource = "ProcFS"
)

// RuntimeState is whether the node's container runtime is asked for names.
// +kubebuilder:validation:Enum=Answers;Absent;Disabled
type RuntimeState string

const (
	// RuntimeAnswers: what the API server does not tell of a container, the runtime does.
	RuntimeAnswers RuntimeState = "Answers"
	// RuntimeAbsent: no socket of a runtime was found, or it does not answer. The API server alone names pods and containers.
	RuntimeAbsent RuntimeState = "Absent"
	// RuntimeDisabled: nobody wants it to be asked.
	RuntimeDisabled RuntimeState = "Disabled"
)

// Why processes are not followed by eBPF.
const (
	// ReasonEBPFDisabled: nobody wants it.
	ReasonEBPFDisabled = "Disabled"
	// ReasonEBPFNotPermitted: the agent lacks CAP_BPF or CAP_PERFMON, or the node forbids it.
	ReasonEBPFNotPermitted = "NotPermitted"
	// ReasonEBPFUnsupported: the kernel has no BTF, or is too old.
	ReasonEBPFUnsupported = "Unsupported"
)

// WhoReport is how the agent finds out in which container a process is.
type WhoReport struct {
	// processes is what tells where processes are.
	Processes ProcessSource `json:"processes"`
	// reason is why that is not eBPF: Disabled, NotPermitted or Unsupported.
	// +optional
	// +kubebuilder:validation:Enum=Disabled;NotPermitted;Unsupported
	Reason string `json:"reason,omitempty"`
	// message tells the reason in words, and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// missed is how many processes and control groups the eBPF programs could not note since the agent started: a table had no room, or the kernel
	// left a program out. Of these only what /proc tells is known.
	// +optional
	Missed int64 `json:"missed,omitempty"`
	// runtime is whether the container runtime is asked for names.
	Runtime RuntimeState `json:"runtime"`
}

// RouteReport counts the events of one route on one node, since the agent started. What is filtered, throttled, sampled or aggregated was left out
// because the route asks for it, and is no loss.
type RouteReport struct {
	// name is policy/route, and tenant:namespace/route of an AuditRoute.
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
	// name is the AuditSink's, or namespace/name of a NamespacedAuditSink.
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
