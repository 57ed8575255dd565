#!/usr/bin/env bash
# root.sh makes the root file system that all nodes share, in a mount namespace of its own, and keeps that namespace open.
#
# The root is this machine's, seen through an overlay: what nodes write stays in memory and vanishes with the cluster. It is ONE overlay for
# all nodes, because they share one kernel, and the kernel takes two audit rules on the same path for the same rule, although
# each may have been meant for another file. With one overlay /etc/docker is one inode on every node and one rule covers them all, as if they
# were one machine. What must be each node's own is mounted over it by node-inside.sh.
. "$(dirname "$0")/settings.sh"

mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$state/root"
mkdir "$state"/root/{upper,work,merged}
# Without xino a file that the cache forgot may come back with another inode number, and its watch would be blind.
mount -t overlay -o "lowerdir=/,upperdir=$state/root/upper,workdir=$state/root/work,xino=on" overlay "$state/root/merged"
# The samples' Docker hosts: the folders exist before the first rule asks for them.
mkdir -p "$state"/root/merged/{etc/docker,etc/containerd,var/lib/docker,var/lib/containerd}
touch "$state/root/ready"
exec sleep infinity
