#!/bin/sh
# install-grub.sh is the first process of the guest's first boot. Only a kernel that sees the disk as the later ones will can install GRUB on
# it and write a grub.cfg with the right names: from outside that needs loop devices, and gets root=/dev/loop0p1.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mountpoint -q /proc || mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mountpoint -q /run || mount -t tmpfs run /run
# /dev/disk/by-uuid is udev's.
/lib/systemd/systemd-udevd --daemon && udevadm trigger --action=add --subsystem-match=block && udevadm settle
grub-install --target=i386-pc /dev/vda && update-grub && rm /install-grub.sh && echo "GRUB is installed"
udevadm control --exit
sync
mount -o remount,ro /
poweroff -ff
