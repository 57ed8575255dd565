#!/usr/bin/env bash
# node-inside.sh NODE runs in the namespaces of a node: it mounts what is the node's own, enters the root, and becomes the kubelet.
. "$(dirname "$0")/settings.sh"
. "$here/cgroups.sh"
. "$here/node-config.sh"
node=$1
own=$state/nodes/$node
root=$state/root/merged

# own_directory PATH covers PATH of the shared root by a folder of this node's.
own_directory() {
	mkdir -p "$own$1" "$root$1"
	mount --bind "$own$1" "$root$1"
}

# own_cgroups shows the node its own cgroups as the root of each hierarchy. In the node's cgroup namespace they look like fresh mounts.
own_cgroups() {
	local hierarchy v2=
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || v2=1
	umount -R "$root/sys/fs/cgroup"
	[ -n "$v2" ] || mount -t tmpfs -o mode=0755 tmpfs "$root/sys/fs/cgroup"
	for hierarchy in $(hierarchies); do
		mkdir -p "$root$hierarchy" 2>/dev/null || true
		mount --bind "$hierarchy/$cgroup/$node" "$root$hierarchy"
	done
	[ -n "$v2" ] || return 0
	# v2 allows processes only in leaves: the node's own make room for the pods.
	mkdir -p "$root/sys/fs/cgroup/system"
	echo $$ >"$root/sys/fs/cgroup/system/cgroup.procs"
}

# The kubelet wants these kernel settings and would write them for the whole machine: it is shown files that already say so.
shield_sysctls() {
	local setting file
	mkdir -p "$own/sysctl"
	for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
		file=$own/sysctl/$(tr / _ <<<"${setting%=*}")
		echo "${setting#*=}" >"$file"
		mount --bind "$file" "$root/proc/sys/${setting%=*}"
	done
}

enter_root() {
	cd "$root"
	mkdir -p .old
	pivot_root . .old
	cd /
	umount -l /.old
	mount --make-rshared /
}

hostname "$node"
for directory in proc sys dev; do mount --rbind "/$directory" "$root/$directory"; done
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mkdir -p "$root$clone"
mount --bind "$clone" "$root$clone"
own_cgroups
shield_sysctls
for directory in /var/lib/{containerd,kubelet,cni,nodeaudit} /var/log/{pods,containers,nodeaudit}; do own_directory "$directory"; done
echo "$node" >"$own/hostname"
touch "$root/etc/hostname"
mount --bind "$own/hostname" "$root/etc/hostname"
write_node_config "$node" "$own"
enter_root

export PATH=$bin:$PATH CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1
containerd --config "$own/containerd.toml" >>"$logs/containerd-$node.log" 2>&1 &
until_true 60 "containerd on $node" ctr version
for image in "$images"/*.tar; do [ ! -e "$image" ] || ctr -n k8s.io images import "$image" >/dev/null; done
taint=()
# A pod with a network of its own would make the machine forward packets, which is not for us to switch on.
[ "$node" != host ] || taint=(--register-with-taints=nodeaudit.dev/machine-network=true:NoSchedule)
exec kubelet --config="$own/kubelet.yaml" --kubeconfig="$state/kubelet-$node.kubeconfig" --hostname-override="$node" --node-ip="$(node_address "$node")" "${taint[@]}"
