#!/usr/bin/env bash
# Sourced: the networks. The control plane has a network namespace with a bridge, to which the nodes n1, n2, … are wired; the machine,
# which is also the node `host`, reaches it over a wire of its own. All is routed, so no firewall rule and no NAT is needed.

make_network() {
	ip netns add $netns
	inside $netns ip link set lo up
	inside $netns ip addr add $service_address/32 dev lo
	# A bridge without an address of its own takes the lowest of its ports', so that each new node would cut off the others for a while.
	inside $netns ip link add bridge0 address 02:00:c6:12:50:01 type bridge
	inside $netns ip addr add $api_address/24 dev bridge0
	inside $netns ip link set bridge0 up
	inside $netns sysctl -qw net.ipv4.ip_forward=1

	ip link add $uplink type veth peer name machine0 netns $netns
	ip addr add $machine_address/30 dev $uplink
	ip link set $uplink up
	inside $netns ip addr add $wire_address/30 dev machine0
	inside $netns ip link set machine0 up
	ip route add 198.18.80.0/24 via $wire_address
	ip route add $service_range via $wire_address
	ip route add 198.19.0.0/16 via $wire_address
}

# make_node_network NODE
make_node_network() {
	local node=$1 space=$netns-$1 address
	[ "$node" != host ] || return 0
	address=$(node_address "$node")
	ip netns add "$space"
	inside "$space" ip link set lo up
	inside $netns ip link add "to-$node" type veth peer name eth0 netns "$space"
	inside $netns ip link set "to-$node" master bridge0 up
	inside "$space" ip addr add "$address/24" dev eth0
	inside "$space" ip link set eth0 up
	inside "$space" ip route add default via $api_address
	inside "$space" sysctl -qw net.ipv4.ip_forward=1
	inside $netns ip route add "$(pod_range "$node")" via "$address"
}

# make_guest_network NODE makes the wire of a virtual machine: qemu opens it in the control plane's namespace.
make_guest_network() {
	inside $netns ip link show "to-$1" >/dev/null 2>&1 && return
	inside $netns ip tuntap add dev "to-$1" mode tap
	inside $netns ip link set "to-$1" master bridge0 up
	inside $netns ip route add "$(pod_range "$1")" via "$(node_address "$1")"
}

remove_network() {
	local space
	ip link del $uplink 2>/dev/null || true
	for space in $(ip netns list | awk -v n=$netns '$1 == n || index($1, n "-") == 1 { print $1 }'); do ip netns del "$space"; done
}
