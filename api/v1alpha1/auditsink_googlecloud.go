package v1alpha1

// GoogleCloudSink writes to Google Cloud Logging. An event has an id of its own, so that a batch that is sent twice is shown once.
type GoogleCloudSink struct {
	// project is the project's id, for example `my-project`.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9:.-]*$`
	Project string `json:"project,omitempty"`

	// logName is the log's name, `nodeaudit` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9/_.-]*$`
	LogName string `json:"logName,omitempty"`

	// location is the region or zone of the cluster, for example `europe-west3`: the label location of the resources k8s_container and k8s_node.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9-]*$`
	Location string `json:"location,omitempty"`

	// cluster is the cluster's name: the label cluster_name of those resources.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Cluster string `json:"cluster,omitempty"`

	// endpoint is the address of the service, where it is not Google's public one.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s/?#@]+(/[^\s?#]*)?$`
	Endpoint string `json:"endpoint,omitempty"`

	// credentialsSecretRef is where the JSON file of a service account is. Without it the agent uses the identity of the machine: GKE gives
	// pods on the node's network no other.
	// +optional
	CredentialsSecretRef *SecretKey `json:"credentialsSecretRef,omitempty"`

	// tls is how to verify the endpoint.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}
