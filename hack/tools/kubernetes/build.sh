#!/usr/bin/env bash
# build.sh OUT builds the control plane, the kubelet and kubectl of the version in go.mod, and the etcd that belongs to it.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

version=$(version_of k8s.io/kubernetes)
minor=${version#v*.} minor=${minor%%.*}
package=k8s.io/component-base/version
# Without the stamp /version says v0.0.0-master, which breaks Helm's kubeVersion and every version-skew check.
stamps="-X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
stamps+=" -X $package.gitCommit=module -X $package.buildDate=1970-01-01T00:00:00Z"

compile "$1/" "$stamps" k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kubectl}
compile "$1/etcd" "" go.etcd.io/etcd/server/v3
