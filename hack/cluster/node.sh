#!/usr/bin/env bash
# Sourced: the root that the nodes share, and the nodes from outside. node-inside.sh goes on from there.

start_root() {
	mkdir -p "$state/root"
	make_cgroup root
	start root root unshare --mount "$here/root.sh"
	until_true 10 "the shared root" nsenter --mount="/proc/$(cat "$pids/root")/ns/mnt" test -e "$state/root/ready"
}

# start_node NODE gives it a network, a cgroup and namespaces of its own: mounts from those of the shared root, host name, cgroups. The pid
# namespace is the machine's: the kernel answers audit requests in no other.
start_node() {
	local node=$1 network=()
	make_node_network "$node"
	make_node_certificate "$node"
	make_cgroup "$node"
	[ "$node" = host ] || network=(--net="/run/netns/$netns-$node")
	start "$node" "$node" nsenter --mount="/proc/$(cat "$pids/root")/ns/mnt" "${network[@]}" \
		unshare --mount --uts --cgroup --propagation private "$here/node-inside.sh" "$node"
}

nodes_ready() {
	local node
	for node in "${node_names[@]}"; do
		[ "$(kubectl get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ] || return 1
	done
}
