#!/usr/bin/env bash
# disk.sh ROOT DISK makes a bootable disk in the format qcow2 of the root file system in the folder ROOT.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1 disk=$2 raw=$2.raw said=$2.boot
trap 'rm -f "$raw" "$said"' EXIT
size=3072 # MiB

install -m 755 "$here/install-grub.sh" "$root/install-grub.sh"
truncate -s ${size}M "$raw"
printf 'label: dos\nstart=1MiB, type=83, bootable\n' | sfdisk --quiet "$raw"
mkfs.ext4 -q -F -L node -E offset=1048576,lazy_itable_init=1,nodiscard -d "$root" "$raw" $((size - 1))M

# The emulated processor and its clock are those of test/vm/qemu.go.
timeout 900 qemu-system-x86_64 -accel tcg,thread=single -icount shift=3,sleep=on -cpu qemu64,-svm -m 1024 -nodefaults -display none -no-reboot -serial stdio \
	-drive "file=$raw,format=raw,if=virtio,cache=unsafe" -kernel "$root"/boot/vmlinuz-* -initrd "$root"/boot/initrd.img-* \
	-append 'root=/dev/vda1 rw console=ttyS0 quiet init=/install-grub.sh' </dev/null | tee "$said"
grep -q 'GRUB is installed' "$said"
qemu-img convert -f raw -O qcow2 "$raw" "$disk"
