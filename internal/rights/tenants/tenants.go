// Package tenants says what the controller may do beside its other rights where tenants are let in, one marker for each right, with its reason.
//
// controller-gen makes charts/nodeaudit/files/rbac/tenants.yaml of them, and the chart binds those roles to the account nodeaudit-controller with
// tenants.enabled only. The agents get no right at all: each namespace lets them read the Secrets that it means, by a Role of its own. The package holds
// no code. docs/security-model.md says what each right is worth to a thief.
package tenants

// It reads what people of namespaces ask for.
// +kubebuilder:rbac:groups=nodeaudit.dev,resources=auditroutes;namespacedauditsinks,verbs=list;watch

// It answers in the status, and changes nothing else of it.
// +kubebuilder:rbac:groups=nodeaudit.dev,resources=auditroutes/status;namespacedauditsinks/status,verbs=patch
