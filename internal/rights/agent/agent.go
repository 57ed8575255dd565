// Package agent says what the agents may do in the cluster, one marker for each right, with its reason.
//
// controller-gen makes charts/nodeaudit/files/rbac/agent.yaml of them, and the chart binds those roles to the account nodeaudit-agent. All
// agents share that account, so these are the rights of each: what RBAC cannot hold apart by node, the admission policy does. The package
// holds no code.
package agent

// It reads its node's configuration and the rule set that this points to. They hold no secret.
// +kubebuilder:rbac:groups="",namespace=nodeaudit-system,resources=configmaps,verbs=get;list;watch

// It reports on its own node: the admission policy compares the name with the node of its token. Deletion is left to the garbage collector.
// +kubebuilder:rbac:groups=nodeaudit.dev,resources=nodeauditstatuses,verbs=get;create;patch

// It needs the uid of its Node, to which the report belongs.
// +kubebuilder:rbac:groups="",resources=nodes,verbs=get

// It names the pod behind an event. It asks for the pods of its node only, but RBAC knows no field selectors: it could ask for all.
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
