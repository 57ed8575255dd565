#!/usr/bin/env bash
# build.sh [MODULE…] builds the programs that development and tests need from the pinned modules beside this file
# (default: all of them) and links them into .local/bin.
#
# A module's programs depend on nothing but its go.mod, its go.sum, this script and the Go toolchain, and are the same bit for bit
# wherever they are built. So they are kept outside the clone, under a name that hashes those four: a second clone, or a build after
# `make clean`, links them in a moment. NODEAUDIT_CACHE moves that place (default: $XDG_CACHE_HOME/nodeaudit or ~/.cache/nodeaudit).
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
cache=${NODEAUDIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nodeaudit}/tools
bin=$root/.local/bin
go_version=$(go env GOVERSION)

version_of() { go list -m -f '{{.Version}}' "$1"; }

# link_packages OUT LDFLAGS [BUILD FLAG…] -- PACKAGE… builds into the directory OUT.
compile() {
	local out=$1 ldflags=$2 flags=()
	shift 2
	while [ "$1" != -- ]; do flags+=("$1"); shift; done
	shift
	mkdir -p "$out"
	go build -trimpath -buildvcs=false -ldflags "-s -w $ldflags" "${flags[@]}" -o "$out/" "$@"
}

build_kubernetes() {
	local version minor stamp=k8s.io/component-base/version
	version=$(version_of k8s.io/kubernetes)
	minor=${version#v*.} minor=${minor%%.*}
	# Without the stamp /version says v0.0.0-master, which breaks Helm's kubeVersion and every version-skew check.
	CGO_ENABLED=0 compile "$1" "-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor -X $stamp.gitTreeState=clean -X $stamp.gitCommit=module -X $stamp.buildDate=1970-01-01T00:00:00Z" -- \
		k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kubectl}
	CGO_ENABLED=0 compile "$1" "" -- go.etcd.io/etcd/server/v3
	mv "$1/server" "$1/etcd" 2>/dev/null || mv "$1/v3" "$1/etcd"
}

build_containerd() {
	local version
	version=$(version_of github.com/containerd/containerd/v2)
	CGO_ENABLED=0 compile "$1" "-X github.com/containerd/containerd/v2/version.Version=${version#v}" -tags no_btrfs,no_devmapper,no_zfs,no_aufs -- \
		github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr}
}

build_runc() {
	# A pod with seccompProfile RuntimeDefault does not start under a runc without libseccomp, which wants cgo.
	"$root/hack/apt.sh" libseccomp-dev gcc pkg-config
	CGO_ENABLED=1 compile "$1" "-X main.version=$(version_of github.com/opencontainers/runc)" -tags seccomp -- github.com/opencontainers/runc
}

build_cni() {
	CGO_ENABLED=0 compile "$1/cni" "" -- github.com/containernetworking/plugins/plugins/{main/bridge,main/loopback,ipam/host-local}
}

build_helm() {
	CGO_ENABLED=0 compile "$1" "-X helm.sh/helm/v4/internal/version.version=$(version_of helm.sh/helm/v4)" -- helm.sh/helm/v4/cmd/helm
}

build_helm3() {
	CGO_ENABLED=0 compile "$1" "-X helm.sh/helm/v3/internal/version.version=$(version_of helm.sh/helm/v3)" -- helm.sh/helm/v3/cmd/helm
	mv "$1/helm" "$1/helm3"
}

build_lint() {
	CGO_ENABLED=0 compile "$1" "" -- .
	mv "$1/lint" "$1/golangci-lint"
}

modules=("$@")
[ ${#modules[@]} -gt 0 ] || modules=(kubernetes containerd runc cni helm helm3 lint)
mkdir -p "$bin" "$cache"
for module in "${modules[@]}"; do
	key=$(cat "$module"/go.mod "$module"/go.sum "$module"/*.go build.sh 2>/dev/null | { cat; echo "$go_version"; } | sha256sum | cut -c1-16)
	kept=$cache/$module-$key
	if [ ! -d "$kept" ]; then
		echo "tools: building $module (once; kept in $kept)" >&2
		started=$SECONDS
		scratch=$(mktemp -d "$cache/.$module.XXXXXX")
		(cd "$module" && "build_$module" "$scratch")
		mv "$scratch" "$kept"
		echo "tools: built $module in $((SECONDS - started)) s" >&2
	fi
	ln -sfn "$kept"/* "$bin/"
done
