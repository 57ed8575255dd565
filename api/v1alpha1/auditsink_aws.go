package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AWSAuth are keys of AWS. Without it the agent uses what its surroundings give: a role of its service account (IRSA, EKS Pod Identity) or of the machine.
type AWSAuth struct {
	// accessKeyIDSecretRef is where the access key's id is.
	// +required
	AccessKeyIDSecretRef SecretKey `json:"accessKeyIDSecretRef,omitzero"`

	// secretAccessKeySecretRef is where the secret access key is.
	// +required
	SecretAccessKeySecretRef SecretKey `json:"secretAccessKeySecretRef,omitzero"`
}

// S3Compression is how objects are packed.
//
// +kubebuilder:validation:Enum=gzip;zstd
type S3Compression string

const (
	// S3Gzip packs with gzip.
	S3Gzip S3Compression = "gzip"
	// S3Zstd packs with zstd.
	S3Zstd S3Compression = "zstd"
)

// S3Sink puts objects of lines into a bucket: `PREFIX/dt=2026-11-21/hour=15/node=NODE/TIME-CONTENT.ndjson.gz`, in which dt and hour are those of the events
// in UTC, TIME that of the first one, and CONTENT comes from the content. A batch that is put twice is the same object.
//
// +kubebuilder:validation:XValidation:rule="has(self.region) || has(self.endpoint)",message="give the bucket's `region`, or the `endpoint` of a server that is compatible with S3"
type S3Sink struct {
	// bucket is the bucket's name. It must be there.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`
	Bucket string `json:"bucket,omitempty"`

	// region is the bucket's region, for example `eu-central-1`. Servers without regions mostly call theirs `us-east-1`, the default with endpoint.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9-]+$`
	Region string `json:"region,omitempty"`

	// endpoint is the address of a server that is compatible with S3, for example `https://minio.example.com:9000`, or of Amazon's interface endpoint. The
	// default is Amazon's for the region.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s/?#@]+(/[^\s?#]*)?$`
	Endpoint string `json:"endpoint,omitempty"`

	// pathStyle names the bucket in the path of an address, and not in the host's name. The default is true with endpoint, and false without.
	// +optional
	PathStyle *bool `json:"pathStyle,omitempty"`

	// prefix comes before the names of objects, `nodeaudit` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9!_.*'()/=-]*$`
	Prefix string `json:"prefix,omitempty"`

	// compression is `gzip`, the default, or `zstd`, which is smaller.
	// +optional
	Compression S3Compression `json:"compression,omitempty"`

	// batch is how large and how old an object becomes.
	// +optional
	Batch *S3Batch `json:"batch,omitempty"`

	// encryption asks the server to encrypt objects in a certain way. The default is what the bucket does by itself.
	// +optional
	Encryption *S3Encryption `json:"encryption,omitempty"`

	// auth are the keys of a user.
	// +optional
	Auth *AWSAuth `json:"auth,omitempty"`

	// tls is how to verify the endpoint.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// S3Batch says when an object is put: when one of the two is reached. Until then events wait in the queue.
type S3Batch struct {
	// maxSize is the size of the events of an object before they are packed, for example `8Mi`, the default. Half of
	// queue.maxSize is the most that is used. The agent has it in memory about three times, and its container a limit (agent.resources).
	// +optional
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).compareTo(quantity('64Ki')) >= 0 && quantity(string(self)).compareTo(quantity('32Mi')) <= 0",message="batch.maxSize must be between 64Ki and 32Mi: the agent has it in memory, several times"
	MaxSize *resource.Quantity `json:"maxSize,omitempty"`

	// maxAge is how long the first event of an object waits for others, for example `5m`, the default.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="batch.maxAge must be between 1s and 1h"
	MaxAge *metav1.Duration `json:"maxAge,omitempty"`
}

// S3EncryptionType is who has the key.
//
// +kubebuilder:validation:Enum=S3;KMS
type S3EncryptionType string

const (
	// S3EncryptionS3 is with keys that S3 manages (SSE-S3, AES256).
	S3EncryptionS3 S3EncryptionType = "S3"
	// S3EncryptionKMS is with a key of the key management service (SSE-KMS).
	S3EncryptionKMS S3EncryptionType = "KMS"
)

// S3Encryption is how the server encrypts objects.
//
// +kubebuilder:validation:XValidation:rule="!has(self.kmsKeyID) || self.type == 'KMS'",message="`kmsKeyID` goes with `type: KMS`"
type S3Encryption struct {
	// type is `S3` or `KMS`.
	// +required
	Type S3EncryptionType `json:"type,omitempty"`

	// kmsKeyID is the key's id or ARN. The default is the account's own key for S3.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^[!-~]+$`
	KMSKeyID string `json:"kmsKeyID,omitempty"`
}

// CloudWatchSink writes to a log group of CloudWatch Logs. Each node has a log stream of its own, which is made where it is missing.
type CloudWatchSink struct {
	// logGroup is the group's name, for example `/nodeaudit/production`. It must be there.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._/#-]+$`
	LogGroup string `json:"logGroup,omitempty"`

	// region is the group's region, for example `eu-central-1`.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9-]+$`
	Region string `json:"region,omitempty"`

	// endpoint is the address of the service, where it is not Amazon's public one for the region, for example that of an interface endpoint.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s/?#@]+(/[^\s?#]*)?$`
	Endpoint string `json:"endpoint,omitempty"`

	// auth are the keys of a user.
	// +optional
	Auth *AWSAuth `json:"auth,omitempty"`

	// tls is how to verify the endpoint.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}
