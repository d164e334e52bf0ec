#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the Linux guests of memory.sh: says what memory it finds, and uses it: with fill=N
# it fills N MiB of each node, with high=PROGRAM it runs that on the disk and the last node.
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
fill=0 high=
read -r words </proc/cmdline
for word in $words; do
	case $word in
	fill=*) fill=${word#fill=} ;;
	high=*) high=${word#high=} ;;
	esac
done
while read -r module; do
	modprobe "$module"
done </etc/modules

awk '$1 == "MemTotal:" { print "guest: memory " $2 }' /proc/meminfo
awk '/^Node/ { node = $2 + 0 } $1 == "present" { pages[node] += $2 }
	END { for (node in pages) print "guest: node " node " has " pages[node] * 4 " KiB" }' /proc/zoneinfo
for device in /sys/bus/virtio/drivers/virtio_balloon/virtio*; do
	[ -e "$device" ] && echo "guest: reporting $(cut -c6 "$device/features")"
done
last=0
for node in /sys/devices/system/node/node[0-9]*; do
	node=${node##*/node}
	[ "$fill" = 0 ] && break
	last=$node
	mkdir "/mnt/$node"
	mount -t tmpfs -o "mpol=bind:$node" tmpfs "/mnt/$node"
	dd if=/dev/urandom of=/tmp/seed bs=1M count=1 2>/dev/null
	while [ "$(stat -c %s "/mnt/$node/fill" 2>/dev/null || echo 0)" -lt $((fill << 20)) ]; do
		cat /tmp/seed >>"/mnt/$node/fill"
	done
	md5sum "/mnt/$node/fill" >>/tmp/sums
done
[ -z "$high" ] || echo "guest: high: $("$high" /dev/vda "$last" 2>&1)"
echo 'guest: has filled'
read -r _
[ "$fill" = 0 ] || { md5sum -c /tmp/sums >/tmp/log 2>&1 && echo 'guest: keeps'; }
dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
poweroff -f
