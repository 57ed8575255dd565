package v1alpha1

// SyslogFormat is a form of syslog messages.
//
// +kubebuilder:validation:Enum=RFC5424;RFC3164
type SyslogFormat string

const (
	// SyslogRFC5424 has the time with its zone, the node, and fields in structured data.
	SyslogRFC5424 SyslogFormat = "RFC5424"
	// SyslogRFC3164 is the old form, for receivers that know no other.
	SyslogRFC3164 SyslogFormat = "RFC3164"
)

// WireProtocol is how bytes travel.
//
// +kubebuilder:validation:Enum=UDP;TCP;TLS
type WireProtocol string

const (
	// WireUDP sends packets, and learns nothing of what becomes of them.
	WireUDP WireProtocol = "UDP"
	// WireTCP keeps a connection.
	WireTCP WireProtocol = "TCP"
	// WireTLS keeps a connection with TLS.
	WireTLS WireProtocol = "TLS"
)

// SyslogSink is a syslog receiver. Syslog acknowledges nothing: what is on its way when the receiver goes is lost, and nobody can count it.
//
// +kubebuilder:validation:XValidation:rule="!has(self.tls) || (has(self.protocol) && self.protocol == 'TLS')",message="`tls` is set but `protocol` is not `TLS`: set `protocol: TLS` or remove `tls`"
type SyslogSink struct {
	// address is the receiver's host and port, for example `syslog.example.com:6514`.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=300
	// +kubebuilder:validation:XValidation:rule="self.matches('^([^\\\\s/@:\\\\[\\\\]]+|\\\\[[0-9A-Fa-f:.]+\\\\]):[0-9]{1,5}$')",message="address is host:port, for example syslog.example.com:6514"
	Address string `json:"address,omitempty"`

	// protocol is `UDP`, `TCP`, the default, or `TLS`. TCP and TLS count octets (RFC 6587, RFC 5425).
	// +optional
	Protocol WireProtocol `json:"protocol,omitempty"`

	// format is `RFC5424`, the default, or `RFC3164`.
	// +optional
	Format SyslogFormat `json:"format,omitempty"`

	// facility is the number from 0 to 23, by default 13, which RFC 5424 calls "log audit". The severity is informational.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=23
	Facility *int32 `json:"facility,omitempty"`

	// appName is the name of the program in each message, `nodeaudit` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=48
	// +kubebuilder:validation:Pattern=`^[!-~]*$`
	AppName string `json:"appName,omitempty"`

	// tls is for the protocol TLS.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// GELFSink is a receiver of GELF.
//
// +kubebuilder:validation:XValidation:rule="!has(self.tls) || (has(self.protocol) && self.protocol == 'TLS')",message="`tls` is set but `protocol` is not `TLS`: set `protocol: TLS` or remove `tls`"
type GELFSink struct {
	// address is the receiver's host and port, for example `graylog.example.com:12201`.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=300
	// +kubebuilder:validation:XValidation:rule="self.matches('^([^\\\\s/@:\\\\[\\\\]]+|\\\\[[0-9A-Fa-f:.]+\\\\]):[0-9]{1,5}$')",message="address is host:port, for example graylog.example.com:12201"
	Address string `json:"address,omitempty"`

	// protocol is `UDP`, the default of GELF, in chunks and packed with gzip, or `TCP` or `TLS`. An event that needs more than 128 chunks, about a megabyte
	// after packing, is given up and counted over UDP.
	// +optional
	Protocol WireProtocol `json:"protocol,omitempty"`

	// tls is for the protocol TLS.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// FluentdSink is a receiver of the forward protocol. It acknowledges each batch.
type FluentdSink struct {
	// address is the receiver's host and port, for example `fluentd.example.com:24224`.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=300
	// +kubebuilder:validation:XValidation:rule="self.matches('^([^\\\\s/@:\\\\[\\\\]]+|\\\\[[0-9A-Fa-f:.]+\\\\]):[0-9]{1,5}$')",message="address is host:port, for example fluentd.example.com:24224"
	Address string `json:"address,omitempty"`

	// tag is the tag of each event, `nodeaudit` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]*$`
	Tag string `json:"tag,omitempty"`

	// sharedKeySecretRef is where the shared key is that the receiver asks for.
	// +optional
	SharedKeySecretRef *SecretKey `json:"sharedKeySecretRef,omitempty"`

	// withoutAck sends without waiting for acknowledgements: faster, and what is on its way when the receiver goes is lost.
	// +optional
	WithoutAck bool `json:"withoutAck,omitempty"`

	// tls is for receivers with TLS. Without it the connection is plain.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// JournaldSink is the node's own journal.
type JournaldSink struct {
	// identifier is SYSLOG_IDENTIFIER, by which `journalctl -t` finds the events, `nodeaudit` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]*$`
	Identifier string `json:"identifier,omitempty"`

	// namespace is the journal namespace, where it is not the node's first one: `LogNamespace=` of systemd.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9][A-Za-z0-9._-]*)?$`
	Namespace string `json:"namespace,omitempty"`
}
