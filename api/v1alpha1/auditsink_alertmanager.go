package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AlertmanagerSink raises an alert for each event: for routes of what somebody must look at. Events with the same labels are one alert: Alertmanager groups
// them, and notifies. The labels are alertname, severity, node, namespace, pod and key, and those of labels.
type AlertmanagerSink struct {
	// urls are the addresses of all Alertmanagers of a cluster, for example `[http://alertmanager.monitoring.svc:9093]`. Each gets every alert, as
	// Alertmanager wants it; one that takes it is enough.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=8
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^https?://[^\s/?#@]+(/[^\s?#]*)?$`
	URLs []string `json:"urls,omitempty"`

	// alertName is a template for the label alertname, for example `audit {{keys}}`. The default is `NodeauditEvent`. It knows what webhook.template
	// knows.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	AlertName string `json:"alertName,omitempty"`

	// severity is the label severity, `warning` by default.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Severity string `json:"severity,omitempty"`

	// labels are further labels; the values are templates, for example `{team: security, type: "{{type}}"}`. Each combination of values is an alert of its
	// own: what differs from event to event belongs into annotations.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(name, name.matches('^[a-zA-Z_][a-zA-Z0-9_]{0,127}$') && size(self[name]) <= 512)",message="names of labels are letters, digits and _, and values have at most 512 characters"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations are further annotations, beside summary, event, time and events; the values are templates.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(name, name.matches('^[a-zA-Z_][a-zA-Z0-9_]{0,127}$') && size(self[name]) <= 2048)",message="names of annotations are letters, digits and _, and values have at most 2048 characters"
	Annotations map[string]string `json:"annotations,omitempty"`

	// resolveAfter is how long an alert lasts after its last event, for example `5m`, the default.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('10s') && duration(self) <= duration('168h')",message="resolveAfter must be between 10s and 168h"
	ResolveAfter *metav1.Duration `json:"resolveAfter,omitempty"`

	// auth is how to log in.
	// +optional
	Auth *HTTPAuth `json:"auth,omitempty"`

	// tls is how to verify the receiver.
	// +optional
	TLS *SinkTLS `json:"tls,omitempty"`
}
