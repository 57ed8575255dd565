// Package chart holds no code, only tests of what people install: the schemas in config/crd, the Helm chart and the kustomization in
// config.
//
// Rendered manifests come in, and a real kube-apiserver with etcd judges them. The tests never start a pod; that is what test/e2e does.
package chart
