// Package uninstall says what the job may do that takes the rules out of the nodes before the chart goes, one marker for each right, with
// its reason.
//
// controller-gen makes charts/nodeaudit/files/rbac/uninstall.yaml of them. The account and its roles exist only while the job runs. The
// package holds no code.
package uninstall

// It stops the controller, which would write again what it empties.
// +kubebuilder:rbac:groups=apps,namespace=nodeaudit-system,resources=deployments/scale,resourceNames=nodeaudit-controller,verbs=patch

// It waits until the controller's pods are gone.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=pods,verbs=list

// It empties the nodes' configurations, and deletes them when the agents have taken their rules out.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=configmaps,verbs=list;update;delete

// It waits for the agents' reports and deletes them.
// +kubebuilder:rbac:groups=nodeaudit.dev,resources=nodeauditstatuses,verbs=list;delete
