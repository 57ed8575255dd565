#!/usr/bin/env bash
# exec.sh NODE [COMMAND…] runs a command (default: a shell) on a node, in its root, network and cgroups, as its root user.
. "$(dirname "$0")/settings.sh"
. "$here/processes.sh"
. "$here/cgroups.sh"

node=${1:?usage: exec.sh NODE [COMMAND…]}
shift
alive "$node" || die "no node $node runs here: make cluster-up"
target=$(cat "$pids/$node")
join_cgroup "$node"
PATH=$bin:$PATH CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1 exec nsenter --target "$target" --mount --uts --net --cgroup -- "${@:-bash}"
