package v1alpha1

// SplunkSink is the HTTP Event Collector of Splunk.
type SplunkSink struct {
	// url is the collector's address, for example `https://splunk.example.com:8088`. The path /services/collector/event is added where there is none.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[^\\\\s/?#@]+([/?#][^\\\\s]*)?$')",message="url begins with https:// or http:// and holds no user name: give the token as tokenSecretRef"
	URL string `json:"url,omitempty"`

	// tokenSecretRef is where the collector's token is, for example `{name: nodeaudit-sinks, key: splunk-token}`.
	// +required
	TokenSecretRef SecretKey `json:"tokenSecretRef,omitzero"`

	// index is the index to write to. The default is the token's.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	Index string `json:"index,omitempty"`

	// source is the source of the events, `nodeaudit` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Source string `json:"source,omitempty"`

	// sourcetype is their source type, `nodeaudit:event` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Sourcetype string `json:"sourcetype,omitempty"`

	// tag is a template for the field `tag`, for example `{{namespace}}/{{pod}}`. It knows node, type, keys, result, namespace, pod and container.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Tag string `json:"tag,omitempty"`

	// compress packs requests with gzip. The default is true.
	// +optional
	Compress *bool `json:"compress,omitempty"`

	// tls is how to verify the collector. An url with https:// uses TLS with or without it.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// OTLPProtocol is how OpenTelemetry's protocol travels.
//
// +kubebuilder:validation:Enum=GRPC;HTTP
type OTLPProtocol string

const (
	// OTLPGRPC is OTLP/gRPC, by custom on port 4317.
	OTLPGRPC OTLPProtocol = "GRPC"
	// OTLPHTTP is OTLP/HTTP with protobuf, by custom on port 4318.
	OTLPHTTP OTLPProtocol = "HTTP"
)

// OTLPSink takes OpenTelemetry logs.
type OTLPSink struct {
	// endpoint is the receiver, for example `https://otel.example.com:4317`. With http:// the connection is plain. For HTTP the path /v1/logs is added
	// where there is none.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[^\\\\s/?#@]+([/?#][^\\\\s]*)?$')",message="endpoint begins with https:// or http:// and holds no user name: give what is secret in headers with valueSecretRef"
	Endpoint string `json:"endpoint,omitempty"`

	// protocol is `GRPC`, the default, or `HTTP`.
	// +optional
	Protocol OTLPProtocol `json:"protocol,omitempty"`

	// headers go with each request, as metadata over gRPC.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Headers []SinkHeader `json:"headers,omitempty"`

	// tls is how to verify the receiver. An endpoint with https:// uses TLS with or without it.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// LokiSink is Grafana Loki from version 3 on, by its OpenTelemetry endpoint.
type LokiSink struct {
	// url is Loki's address, for example `https://loki.example.com`. The path /otlp/v1/logs is added where there is none.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[^\\\\s/?#@]+([/?#][^\\\\s]*)?$')",message="url begins with https:// or http:// and holds no user name: log in with auth"
	URL string `json:"url,omitempty"`

	// tenant is the header X-Scope-OrgID, for a Loki with several tenants.
	// +optional
	// +kubebuilder:validation:MaxLength=150
	// +kubebuilder:validation:Pattern=`^[!-~]*$`
	Tenant string `json:"tenant,omitempty"`

	// auth is how to log in.
	// +optional
	Auth *HTTPAuth `json:"auth,omitempty"`

	// tls is how to verify the receiver.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// ElasticsearchSink writes with _bulk to Elasticsearch or OpenSearch. Each event has an id of its own, so that a batch that is sent twice is stored once.
type ElasticsearchSink struct {
	// urls are the addresses of nodes, for example `[https://es.example.com:9200]`. They are tried in turn.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=8
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^https?://[^\s/?#@]+(/[^\s?#]*)?$`
	URLs []string `json:"urls,omitempty"`

	// index is the data stream or index to write to, `logs-nodeaudit-default` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^([a-z0-9.][a-z0-9._-]*)?$`
	Index string `json:"index,omitempty"`

	// auth is how to log in with a user name or a token.
	// +optional
	Auth *HTTPAuth `json:"auth,omitempty"`

	// apiKeySecretRef is where an API key of Elasticsearch is, in its encoded form.
	// +optional
	APIKeySecretRef *SecretKey `json:"apiKeySecretRef,omitempty"`

	// tls is how to verify the receiver.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}

// WebhookBody is the form of a request's body.
//
// +kubebuilder:validation:Enum=Lines;Array;Template
type WebhookBody string

const (
	// WebhookLines is one event a line (application/x-ndjson).
	WebhookLines WebhookBody = "Lines"
	// WebhookArray is a JSON array of events.
	WebhookArray WebhookBody = "Array"
	// WebhookTemplate is made by a template, one request for each event.
	WebhookTemplate WebhookBody = "Template"
)

// WebhookSink posts to an HTTP server. A status from 200 to 299 means that it has the events.
//
// +kubebuilder:validation:XValidation:rule="has(self.template) == (has(self.body) && self.body == 'Template')",message="`template` goes with `body: Template`, and with no other"
// +kubebuilder:validation:XValidation:rule="has(self.url) != has(self.urlSecretRef)",message="give `url` or `urlSecretRef`: one of them, not both"
type WebhookSink struct {
	// url is the address, for example `https://hooks.example.com/audit`. An url that is secret as a whole belongs into urlSecretRef.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[^\\\\s/?#@]+([/?#][^\\\\s]*)?$')",message="url begins with https:// or http:// and holds no user name: log in with auth"
	URL string `json:"url,omitempty"`

	// urlSecretRef is where the address is, for servers that take an address as proof of identity.
	// +optional
	URLSecretRef *SecretKey `json:"urlSecretRef,omitempty"`

	// body is `Lines`, the default, `Array` or `Template`.
	// +optional
	Body WebhookBody `json:"body,omitempty"`

	// template is the body for one event, for example `{"text": "{{type}} on {{node}}", "keys": {{json keys}}, "event": {{event}}}`. {{NAME}} is a field as
	// it is, {{json NAME}} the same as a string of JSON. Names are event (its form), node, type, keys, result, namespace, pod, container and serial.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Template string `json:"template,omitempty"`

	// contentType is the header Content-Type, where it is not that of the body's form.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[ -~]*$`
	ContentType string `json:"contentType,omitempty"`

	// headers go with each request.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Headers []SinkHeader `json:"headers,omitempty"`

	// compress packs requests with gzip. The default is false, because many servers do not unpack.
	// +optional
	Compress bool `json:"compress,omitempty"`

	// auth is how to log in.
	// +optional
	Auth *HTTPAuth `json:"auth,omitempty"`

	// tls is how to verify the receiver.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}
