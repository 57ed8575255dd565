// Package webhook says what the controller may do beside its other rights where the admission webhook is on, one marker for each right, with
// its reason.
//
// controller-gen makes charts/nodeaudit/files/rbac/webhook.yaml of them, and the chart binds those roles to the account nodeaudit-controller
// with webhook.enabled only. The package holds no code. docs/security-model.md says what each right is worth to a thief.
package webhook

// It keeps the certificate in one Secret, which comes empty with the chart. So it needs no right to create Secrets, which nobody could
// restrict by name, and no other Secret can be read. List and watch with a name are for that one object.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=secrets,resourceNames=nodeaudit-webhook,verbs=list;watch;patch

// It tells the API server which authority has signed the certificate, in the one configuration that comes with the chart.
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingwebhookconfigurations,resourceNames=nodeaudit-webhook,verbs=list;watch;patch
