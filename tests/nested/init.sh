#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the machine that run.sh boots. /out is a folder of the outer machine:
#   in   settings (shell variables: limit, disk)   command   what to run, NUL-separated
#   out  stdout, stderr, dmesg, files/             status    comes last, by renaming
#        heart    touched once a second, for as long as the machine is alive
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /busybox
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/busybox:/slabvisor/build HOME=/root TERM=linux TMPDIR=/tmp
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
ln -s /bin/bash /usr/bin/bash
ln -s /proc/self/fd /dev/fd
hostname nested
ip link set lo up 2>/dev/null

end() {
	sync
	poweroff -f
}

modprobe -a virtio_pci 9pnet_virtio 9p
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /out || end
while :; do
	: >/out/heart
	sleep 1
done &
limit=60 disk=0
# shellcheck source=/dev/null
. /out/settings

# Whatever fails here is said where the command would speak.
exec 2>/out/stderr >/out/stdout
modprobe kvm-amd
if [ "$disk" = 1 ]; then
	modprobe -a virtio_blk crc32c_generic ext4
	mkdir -p /scratch
	mount -t ext4 /dev/vda /scratch
	export NESTED_DISK=/scratch
fi
export NESTED=1 NESTED_OUT=/out/files
cd /slabvisor || end
build/nested/hold >/dev/null # or the machine may hang now and then: see hold.c
echo '<4>nested: the command starts' >/dev/kmsg

# A session of its own, so that the time limit ends all that the command started.
# shellcheck disable=SC2016 # expanded by bash
setsid /bin/bash -c 'mapfile -d "" -t cmd </out/command; exec "${cmd[@]}"' </dev/null &
pid=$!
(
	exec >/dev/null 2>&1
	sleep "$limit" &
	trap 'kill $!; exit' TERM
	wait $!
	echo time >/out/limit
	kill -TERM -"$pid"
	sleep 5
	kill -KILL -"$pid"
) &
watch=$!
wait "$pid"
status=$?
kill -TERM "$watch"

exec >/dev/null 2>&1
cd /
dmesg -r >/out/dmesg
[ "$disk" != 1 ] || umount /scratch
echo "$status" >/out/status.new
mv /out/status.new /out/status
end
