// Package apiaudit says what the controller may do beside its other rights where it takes audit events of API servers, one marker for each right, with its
// reason.
//
// controller-gen makes charts/nodeaudit/files/rbac/apiaudit.yaml of them, and the chart binds those roles to the account nodeaudit-controller with
// apiAudit.enabled only. The package holds no code. docs/security-model.md says what each right is worth to a thief.
package apiaudit

// It keeps certificate and token in one Secret, which comes empty with the chart. So it needs no right to create Secrets, which nobody could restrict by
// name, and no other Secret can be read.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=secrets,resourceNames=nodeaudit-apiaudit,verbs=get;patch

// It asks on which node the pod of a session is. Audit events do not say.
// +kubebuilder:rbac:groups="",resources=pods,verbs=get

// It adds sessions to what other replicas have written.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=configmaps,verbs=get
