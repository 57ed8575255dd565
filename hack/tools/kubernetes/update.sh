#!/usr/bin/env bash
# update.sh VERSION rewrites this module for a Kubernetes version, for example `./update.sh 1.37.1`.
#
# k8s.io/kubernetes requires its staging repositories at v0.0.0 and replaces them by directories of its own tree, which a module
# that depends on it does not see. Each therefore gets a replace directive to its published version here.
set -euo pipefail
version=${1:?usage: update.sh VERSION, for example 1.37.1}
cd "$(dirname "$0")"

rm -f go.mod go.sum
go mod init github.com/nodeaudit/nodeaudit/hack/tools/kubernetes
upstream=$(cd / && GOFLAGS=-mod=mod go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
sed -n 's/^\t\(k8s\.io\/[a-z0-9-]*\) v0\.0\.0$/\1/p' "$upstream" | sort -u | while read -r staging; do
	go mod edit -replace "$staging=$staging@v0.${version#*.}"
done
go mod edit -require "k8s.io/kubernetes@v$version"
go get -tool k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kubectl}@"v$version"
go get -tool "go.etcd.io/etcd/server/v3@$(go list -m -f '{{.Version}}' go.etcd.io/etcd/client/v3)"
