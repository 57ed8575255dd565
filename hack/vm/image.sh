#!/usr/bin/env bash
# image.sh builds what the tests in virtual machines start from, and links it as .local/vm; image.sh --check only says why it is not there.
#
#   disk.qcow2             a Debian 12 with GRUB, systemd and auditd, for cold boots
#   auditd/{disk.qcow2,state}   the same, booted and saved
#   bare/{disk.qcow2,state}     the same without auditd
#
# All of it is made of Debian's packages, without loop devices. It depends on nothing but the files of key_of and qemu, and is kept outside
# the clone under a name that hashes them, so a second build is a link. NODEAUDIT_CACHE moves that place, as in hack/tools/build.sh.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
cache=${NODEAUDIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nodeaudit}/vm
link=$root/.local/vm

# A saved machine can only be resumed by the qemu, and with the devices, that it was saved with.
key_of() {
	{ cat rootfs.sh configure.sh disk.sh install-grub.sh snapshot/main.go ../../test/vm/qemu.go && qemu-system-x86_64 --version; } |
		sha256sum | cut -c1-16
}

check() {
	for program in qemu-system-x86_64 qemu-img; do
		command -v $program >/dev/null || { echo "$program is not installed; \`make vm-image\` does that"; return 1; }
	done
	[ -e "$link/bare/state" ] || { echo "it has not been built"; return 1; }
	[ "$(readlink -f "$link")" = "$(readlink -f "$cache")/$(key_of)" ] || { echo "it was built from other scripts or for another qemu"; return 1; }
}

# step LABEL COMMAND… shows that a long command is alive, how long it took, and its last words if it failed.
step() {
	local label=$1 started=$SECONDS status=0 log=$scratch/log
	shift
	echo "vm-image: $label" >&2
	"$@" >"$log" 2>&1 & local worker=$!
	while sleep 10 && kill -0 $worker 2>/dev/null; do echo "vm-image: $label: $((SECONDS - started)) s…" >&2; done & local beater=$!
	wait $worker || status=$?
	kill $beater 2>/dev/null || true
	wait $beater 2>/dev/null || true
	if [ $status -ne 0 ]; then
		tail -n 40 "$log" >&2
		echo "vm-image: $label failed" >&2
		return $status
	fi
	echo "vm-image: $label: done in $((SECONDS - started)) s" >&2
}

build() {
	local kept=$1 started=$SECONDS
	[ "$(id -u)" -eq 0 ] || { echo "vm-image: root is needed to build it, because its files belong to root; the tests need none" >&2; exit 1; }
	echo "vm-image: building once, 3 minutes of work for one processor and 100 MB from Debian's mirror (kept in $kept)" >&2
	mkdir -p "$cache"
	scratch=$(mktemp -d "$cache/.image.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	chmod 755 "$scratch" # apt downloads as a user of its own
	mkdir "$scratch/image"
	step "1/3 root file system" ./rootfs.sh "$scratch/root"
	step "2/3 disk, with GRUB installed by the guest itself" ./disk.sh "$scratch/root" "$scratch/image/disk.qcow2"
	step "3/3 booting, saving, once with and once without auditd" go run -C "$root" ./hack/vm/snapshot "$scratch/image"
	cat "$scratch/log" >&2
	chmod -R a+rX "$scratch/image"
	mv -T "$scratch/image" "$kept" 2>/dev/null || true # somebody else was quicker
	echo "vm-image: built in $((SECONDS - started)) s, $(du -sh "$kept" | cut -f1)" >&2
}

if [ "${1-}" = --check ]; then
	check
	exit
fi
[ "$(uname -m)" = x86_64 ] || { echo "vm-image: the image is one of x86-64, and is built on such a machine only" >&2; exit 1; }
command -v go >/dev/null || { echo "vm-image: Go 1.26 is needed: https://go.dev/dl" >&2; exit 1; }
../apt.sh qemu-system-x86 qemu-utils mmdebstrap fdisk e2fsprogs debian-archive-keyring
kept=$cache/$(key_of)
[ -d "$kept" ] || build "$kept"
touch "$kept"
mkdir -p "$root/.local"
ln -sfn "$kept" "$link"
find "$cache" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} + # what no clone has asked for in a month
