#!/usr/bin/env bash
# build.sh OUT builds containerd, its shim for runc and ctr, without the snapshotters that no node here uses.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

version=$(version_of github.com/containerd/containerd/v2)
compile "$1/" "-X github.com/containerd/containerd/v2/version.Version=${version#v}" -tags no_btrfs,no_devmapper,no_zfs,no_aufs \
	github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr}
