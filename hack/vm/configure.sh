#!/usr/bin/env bash
# configure.sh ROOT sets a fresh Debian up as a node: what a boot needs under an emulated processor and nothing more. What tests look at
# (GRUB, its configuration, systemd, auditd, the rules in /etc/audit) is as Debian has it.
set -euo pipefail
root=$1

echo node >"$root/etc/hostname"
echo '127.0.0.1 localhost node' >"$root/etc/hosts"
echo 5c0ffee05c0ffee05c0ffee05c0ffee0 >"$root/etc/machine-id" # an empty one makes systemd take the boot for the first of all
echo 'LABEL=node / ext4 errors=remount-ro,noatime 0 0' >"$root/etc/fstab"

# tsc=reliable: nobody has to watch a clock that counts instructions. mitigations=off: there is nothing to protect, and they cost.
cat >"$root/etc/default/grub" <<'GRUB'
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="console=ttyS0 mitigations=off tsc=reliable nokaslr"
GRUB_TERMINAL=serial
GRUB_DISABLE_OS_PROBER=true
GRUB

# The journal in memory: a saved machine would otherwise carry that of its first boot.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\n' >"$root/etc/systemd/journald.conf.d/node.conf"

printf 'virtio_console\nvirtio_rng\n' >"$root/etc/modules-load.d/node.conf"
mkdir -p "$root/etc/tiny-initramfs"
printf 'AUTO_MODULES=no\nMICROCODE=no\nINCLUDE_MODULES=virtio_pci,virtio_blk\n' >"$root/etc/tiny-initramfs/tiny-initramfs.conf"
chroot "$root" update-tirfs

# Nothing of this has a part in a test, and each costs a tenth of a second or more of every boot.
mask() { for unit in "$@"; do ln -sfn /dev/null "$root/etc/systemd/system/$unit"; done; }
mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	systemd-tmpfiles-clean.timer
mask getty.target serial-getty@ttyS0.service systemd-logind.service systemd-user-sessions.service systemd-ask-password-wall.path \
	systemd-ask-password-console.path
mask systemd-networkd.service systemd-networkd.socket systemd-network-generator.service systemd-timesyncd.service
mask dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
	sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount systemd-binfmt.service
mask systemd-pstore.service systemd-repart.service systemd-firstboot.service systemd-sysusers.service systemd-update-done.service \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-machine-id-commit.service systemd-random-seed.service \
	systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-journal-flush.service
mkdir -p "$root/etc/systemd/system-generators"
for name in bless-boot cryptsetup debug gpt-auto hibernate-resume integritysetup rc-local run system-update sysv veritysetup; do
	ln -sfn /dev/null "$root/etc/systemd/system-generators/systemd-$name-generator"
done
printf 'blacklist %s\n' floppy pcspkr kvm_amd kvm_intel powernow_k8 >"$root/etc/modprobe.d/node.conf"
chroot "$root" systemctl --quiet set-default multi-user.target
chroot "$root" systemctl --quiet enable auditd
