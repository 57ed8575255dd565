#!/usr/bin/env bash
# rootfs.sh FOLDER fills FOLDER with the root file system of a small Debian 12 node, set up by configure.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packages=(
	systemd systemd-sysv udev dbus kmod procps auditd
	linux-image-cloud-amd64 grub-pc
	tiny-initramfs   # 4 s of processor time less in each boot than initramfs-tools
	qemu-guest-agent # how tests speak with the node
)
mmdebstrap --mode=root --format=directory --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--customize-hook="$here/configure.sh" bookworm "$1"
