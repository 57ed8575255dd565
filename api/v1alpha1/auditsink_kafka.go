package v1alpha1

// KafkaSASL is a way to log in to Kafka.
//
// +kubebuilder:validation:Enum=PLAIN;SCRAM-SHA-256;SCRAM-SHA-512
type KafkaSASL string

const (
	// KafkaPlain sends the password: only with TLS.
	KafkaPlain KafkaSASL = "PLAIN"
	// KafkaSCRAM256 proves the password with SHA-256.
	KafkaSCRAM256 KafkaSASL = "SCRAM-SHA-256"
	// KafkaSCRAM512 proves the password with SHA-512.
	KafkaSCRAM512 KafkaSASL = "SCRAM-SHA-512"
)

// KafkaKey is what the messages of one partition have in common.
//
// +kubebuilder:validation:Enum=Node;Namespace;None
type KafkaKey string

const (
	// KafkaKeyNode keeps the events of a node in their order.
	KafkaKeyNode KafkaKey = "Node"
	// KafkaKeyNamespace brings the events of a namespace together. Those of processes outside of pods have the node's name.
	KafkaKeyNamespace KafkaKey = "Namespace"
	// KafkaKeyNone spreads events evenly, in no order.
	KafkaKeyNone KafkaKey = "None"
)

// KafkaCompression is how messages are packed.
//
// +kubebuilder:validation:Enum=none;gzip;snappy;lz4;zstd
type KafkaCompression string

// KafkaSink writes to a topic, idempotently: a batch that one agent sends twice is stored once. All replicas that are in sync must have it.
type KafkaSink struct {
	// brokers are the first brokers to ask, for example `[kafka.example.com:9092]`.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=3
	// +kubebuilder:validation:items:MaxLength=300
	// +kubebuilder:validation:items:Pattern=`^([^\s/@:\[\]]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$`
	Brokers []string `json:"brokers,omitempty"`

	// topic is where to write, for example `audit`. It must be there.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=249
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Topic string `json:"topic,omitempty"`

	// key is `Node`, the default, `Namespace` or `None`: messages with the same key are in the same partition, and keep their order.
	// +optional
	Key KafkaKey `json:"key,omitempty"`

	// compression is `none`, `gzip`, `snappy`, `lz4` or `zstd`, the default.
	// +optional
	Compression KafkaCompression `json:"compression,omitempty"`

	// sasl is how to log in.
	// +optional
	SASL *KafkaLogin `json:"sasl,omitempty"`

	// tls is for brokers with TLS: `tls: {}` trusts what the node trusts. Without it the connections are plain.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// KafkaLogin is a user of Kafka.
type KafkaLogin struct {
	// mechanism is `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`, the default. PLAIN sends the password: use it with tls.
	// +optional
	Mechanism KafkaSASL `json:"mechanism,omitempty"`

	// username is the user's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Username string `json:"username,omitempty"`

	// passwordSecretRef is where the password is.
	// +required
	PasswordSecretRef SecretKey `json:"passwordSecretRef,omitzero"`
}
