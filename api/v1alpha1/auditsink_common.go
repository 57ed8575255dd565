package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SinkQueueType is where a queue is kept.
//
// +kubebuilder:validation:Enum=Disk;Memory
type SinkQueueType string

const (
	// SinkQueueDisk keeps the queue in the agent's folder on the node: it survives the agent.
	SinkQueueDisk SinkQueueType = "Disk"
	// SinkQueueMemory keeps the queue in the agent's memory: it costs less, and what waits is lost when the agent ends.
	SinkQueueMemory SinkQueueType = "Memory"
)

// SinkOverflow is which events a full queue drops.
//
// +kubebuilder:validation:Enum=DropNewest;DropOldest
type SinkOverflow string

const (
	// SinkDropNewest drops what comes while the queue is full.
	SinkDropNewest SinkOverflow = "DropNewest"
	// SinkDropOldest drops what has waited longest.
	SinkDropOldest SinkOverflow = "DropOldest"
)

// SinkQueue is where events wait.
type SinkQueue struct {
	// type is `Disk`, the default, or `Memory`. A queue on disk survives the end of the agent, and a reboot as far as the disk had it.
	// +optional
	Type SinkQueueType `json:"type,omitempty"`

	// maxSize is how much may wait, for example `256Mi`, the default for `Disk`; the default for `Memory` is `16Mi`. When it is full events are dropped
	// and counted: overflow says which.
	// +optional
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).compareTo(quantity('4Mi')) >= 0 && quantity(string(self)).compareTo(quantity('64Gi')) <= 0",message="queue.maxSize must be between 4Mi and 64Gi"
	MaxSize *resource.Quantity `json:"maxSize,omitempty"`

	// overflow is `DropNewest`, the default, or `DropOldest`. Those that wait are older than what is happening, and say what led to it; with `DropOldest`
	// they go when three quarters of maxSize wait and the destination does not take them, so that what is sent when it is back is the latest.
	// +optional
	Overflow SinkOverflow `json:"overflow,omitempty"`

	// fsync makes the disk confirm each batch before it counts as kept, so that a power cut loses none of them. The default is false: a batch then
	// survives the end of the agent, but not that of the machine in the seconds before the kernel writes it. It costs about twice the time.
	// +optional
	Fsync bool `json:"fsync,omitempty"`
}

// SinkRetry is the pause between two tries, which doubles with each.
type SinkRetry struct {
	// firstPause is the pause after the first failure, for example `1s`, the default.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('100ms') && duration(self) <= duration('10m')",message="retry.firstPause must be between 100ms and 10m"
	FirstPause *metav1.Duration `json:"firstPause,omitempty"`

	// longestPause is the longest pause, for example `30s`, the default.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('100ms') && duration(self) <= duration('1h')",message="retry.longestPause must be between 100ms and 1h"
	LongestPause *metav1.Duration `json:"longestPause,omitempty"`
}

// SecretName names a Secret in the namespace of nodeaudit. The chart's value agent.sinkSecrets says which of them the agents have: nodeaudit-sinks, unless
// it is changed.
type SecretName struct {
	// name is the Secret's name, for example `nodeaudit-sinks`.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`
}

// SecretKey names one key of a Secret in the namespace of nodeaudit. The agent alone on a host reads the file NAME/KEY in the folder of --secrets-dir.
type SecretKey struct {
	// name is the Secret's name, for example `nodeaudit-sinks`.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// key is the key in it, for example `splunk-token`.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[-A-Za-z0-9_][-A-Za-z0-9._]*$`
	Key string `json:"key,omitempty"`
}

// SinkTLS is how to speak TLS. The receiver's certificate is verified.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.ca) && has(self.caSecretRef))",message="give `ca` or `caSecretRef`, not both"
type SinkTLS struct {
	// ca are the authorities that the receiver's certificate may come from, as PEM. The default are those that the node trusts.
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	CA string `json:"ca,omitempty"`

	// caSecretRef is where they are instead, for example `{name: nodeaudit-sinks, key: ca.crt}`.
	// +optional
	CASecretRef *SecretKey `json:"caSecretRef,omitempty"`

	// certSecretRef names a Secret with the keys tls.crt and tls.key: the certificate that the agent shows.
	// +optional
	CertSecretRef *SecretName `json:"certSecretRef,omitempty"`

	// serverName is the name that the receiver's certificate must have, where it is not that of the address.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ServerName string `json:"serverName,omitempty"`

	// insecureSkipVerify takes any certificate: whoever is on the way can read and change everything, credentials included. The sink's status
	// warns of it. The default is false.
	// +optional
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
}

// HTTPAuth is how to log in over HTTP.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.basic) && has(self.bearerTokenSecretRef))",message="give `basic` or `bearerTokenSecretRef`, not both"
type HTTPAuth struct {
	// basic is a user name and a password.
	// +optional
	Basic *BasicAuth `json:"basic,omitempty"`

	// bearerTokenSecretRef is where the token is.
	// +optional
	BearerTokenSecretRef *SecretKey `json:"bearerTokenSecretRef,omitempty"`
}

// BasicAuth is a user name and where the password is.
type BasicAuth struct {
	// username is the user's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Username string `json:"username,omitempty"`

	// passwordSecretRef is where the password is.
	// +required
	PasswordSecretRef SecretKey `json:"passwordSecretRef,omitzero"`
}

// SinkHeader is a header of each request.
//
// +kubebuilder:validation:XValidation:rule="has(self.value) != has(self.valueSecretRef)",message="a header has either `value` or `valueSecretRef`"
type SinkHeader struct {
	// name is the header's, for example `X-Scope-OrgID`.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`
	Name string `json:"name,omitempty"`

	// value is its value, for all to read. What is secret belongs into valueSecretRef.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Value string `json:"value,omitempty"`

	// valueSecretRef is where its value is.
	// +optional
	ValueSecretRef *SecretKey `json:"valueSecretRef,omitempty"`
}
