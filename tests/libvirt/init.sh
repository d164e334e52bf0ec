#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the domain: runs what each line over ttyS1 says after its first word, and
# answers there with the output and a last line `=WORD STATUS`.
/bin/busybox --install -s
export PATH=/usr/bin:/bin:/sbin:/usr/sbin HOME=/ TERM=linux
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
modprobe -a virtio_pci virtio_blk crc32c_generic ext4 button evdev
acpid -l /dev/console 2>/dev/console
exec 3<>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo 2>/dev/console
while read -r word line <&3; do
	sh -c "$line" >/tmp/out 2>&1 </dev/null
	status=$?
	cat /tmp/out >&3
	echo "=$word $status" >&3
done
