// Package controller says what the controller may do in the cluster, one marker for each right, with its reason.
//
// controller-gen makes charts/nodeaudit/files/rbac/controller.yaml of them, and the chart binds those roles to the account
// nodeaudit-controller. The package holds no code. docs/security-model.md says what each right is worth to a thief.
package controller

// It reads what people ask for, and what nodes report.
// +kubebuilder:rbac:groups=nodeaudit.dev,resources=auditpolicies;auditsinks;nodeauditstatuses,verbs=list;watch

// It answers in the status of what people wrote, and changes nothing else of it.
// +kubebuilder:rbac:groups=nodeaudit.dev,resources=auditpolicies/status;auditsinks/status,verbs=patch

// It selects nodes by their labels.
// +kubebuilder:rbac:groups="",resources=nodes,verbs=list;watch

// It writes what each node should have, and collects what no node needs any more, in its own namespace only.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=configmaps,verbs=list;watch;create;update;delete

// It elects a leader. Nobody can restrict the creation of an object by its name.
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=nodeaudit-system,resources=leases,verbs=create
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=nodeaudit-system,resources=leases,resourceNames=nodeaudit-controller,verbs=get;update

// It records Events: on policies and sinks, whose Events Kubernetes keeps in `default` because they have no namespace, and on its own lease,
// by the older interface.
// +kubebuilder:rbac:groups=events.k8s.io,namespace=default,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=events,verbs=create;patch
