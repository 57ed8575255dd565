#!/usr/bin/env bash
# up.sh starts a real Kubernetes cluster on this machine: control plane and three nodes. Run again, it says that the cluster is up; one that
# is half there it takes down and starts anew. See docs/local-cluster.md.
. "$(dirname "$0")/settings.sh"
. "$here/processes.sh"
. "$here/cgroups.sh"
. "$here/network.sh"
. "$here/certificates.sh"
. "$here/controlplane.sh"
. "$here/node.sh"

[ "$(id -u)" -eq 0 ] || die "root is needed, for namespaces and mounts: sudo make cluster-up"
"$clone/hack/apt.sh" iproute2 openssl procps util-linux mount
mkdir -p "$clone/.local"
exec 9>"$lock"
flock 9
[ ! -e $owner ] || [ "$(cat $owner)" = "$clone" ] || die "this machine carries the cluster of $(cat $owner): take it down there first (make cluster-down)"

whole() { [ -e $owner ] && alive root && api_ready && nodes_ready; }
if whole >/dev/null 2>&1; then
	say "is up: export KUBECONFIG=$admin"
	exit 0
fi

started=$SECONDS
NODEAUDIT_CLUSTER_LOCKED=1 "$here/down.sh"
mkdir -p "$state" "$logs" "$pids"
echo "$clone" >$owner
say "starting the control plane (usually 5 s)"
make_certificates
make_network
start_controlplane
say "starting the nodes ${node_names[*]} (usually 5 s)"
start_root
for node in "${node_names[@]}"; do start_node "$node"; done
until_true 120 "nodes Ready" nodes_ready
say "is up after $((SECONDS - started)) s: export KUBECONFIG=$admin PATH=$bin:\$PATH"
