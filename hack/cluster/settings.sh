#!/usr/bin/env bash
# Sourced by every script here: the names, folders and addresses of the local cluster.
#
# All of it lives in one ignored folder and in namespaces and cgroups that carry the project's name, so that down.sh finds it again after
# any accident. The names are fixed: one machine carries one such cluster at a time.
# shellcheck disable=SC2034 # used by those who source this
set -Eeuo pipefail
trap 'echo "cluster: $BASH_COMMAND failed (${BASH_SOURCE[0]}:$LINENO)" >&2' ERR

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clone=$(cd "$here/../.." && pwd)
bin=$clone/.local/bin
images=$clone/.local/images
state=$clone/.local/cluster
pki=$state/pki
logs=$state/logs
pids=$state/pids
admin=$state/kubeconfig
flags=$state/apiserver.flags # more of them for the API server when it starts the next time, one a line
lock=$clone/.local/cluster.lock
owner=/run/nodeaudit-cluster # names the clone whose cluster this machine carries

cgroup=nodeaudit   # the cgroup of every process of the cluster, in each hierarchy
netns=nodeaudit    # the network namespace of the control plane
uplink=nodeaudit0  # the machine's end of the wire to it

# 198.18.0.0/15 is set aside for tests of network gear (RFC 2544): no office or VPN routes it.
api_address=198.18.80.1      # the control plane on the nodes' bridge
machine_address=198.18.81.1  # the machine's end of the wire, also the address of the node `host`
wire_address=198.18.81.2     # the control plane's end
service_range=198.18.96.0/24
service_address=198.18.96.1  # the Service `kubernetes`, held by the control plane itself: no kube-proxy is needed

# NODE=INDEX. Audit records reach only programs in the machine's own network namespace: the node `host` is in it, the others are not. `vm` is a
# virtual machine that somebody else starts, see guest.sh.
declare -A nodes=([host]=0 [n1]=1 [n2]=2 [vm]=3)
node_names=(host n1 n2)

node_address() { if [ "$1" = host ]; then echo $machine_address; else echo "198.18.80.1${nodes[$1]}"; fi; }
pod_range() { echo "198.19.${nodes[$1]}.0/24"; }

say() { echo "cluster: $*" >&2; }
die() { say "$*"; exit 1; }

# inside NETNS COMMAND… ; `ip netns exec` would remount /sys and hide the cgroups.
inside() { nsenter --net="/run/netns/$1" -- "${@:2}"; }

kubectl() { "$bin/kubectl" --kubeconfig="$admin" "$@"; }

# until_true SECONDS WHAT COMMAND… waits for a command to succeed.
until_true() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || die "$what: not within the time it has; see $logs"
		sleep 0.1
	done
}
