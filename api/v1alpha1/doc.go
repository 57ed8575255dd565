// Package v1alpha1 holds the Kubernetes objects of nodeaudit, version v1alpha1 of the API group nodeaudit.dev.
//
// People and GitOps write AuditPolicy and AuditSink; the controller writes their status; the agent of a node, and nobody else, writes
// that node's NodeAuditStatus. The package holds types, defaults and names, and never talks to a cluster.
//
// +kubebuilder:object:generate=true
// +groupName=nodeaudit.dev
package v1alpha1
