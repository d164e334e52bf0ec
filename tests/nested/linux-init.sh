#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the Linux guests of linux.sh: says what it finds, for linux.sh to judge, and ends as
# the kernel's command line asks (end=...).
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
echo "guest: init, kernel $(uname -r), $(nproc) CPUs"
echo "guest: loader $(cat /proc/sys/kernel/bootloader_type)"
end=poweroff
read -r words </proc/cmdline
for word in $words; do
	case $word in end=*) end=${word#end=} ;; esac
done
while read -r module; do
	modprobe "$module" && echo "guest: loaded $module"
done </etc/modules
echo "guest: clock $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
echo "guest: nodes $(cat /sys/devices/system/node/online)"
for device in /sys/bus/virtio/devices/*; do
	echo "guest: virtio $(cat "$device/device") $(basename "$(readlink "$device/driver")")"
done

if [ -b /dev/vda ]; then
	blocks=$(blockdev --getsz /dev/vda)
	echo "guest: disk $blocks"
	mkdir -p /mnt
	dd if=/dev/urandom of=/tmp/data bs=64k count=32 2>/dev/null
	mke2fs /dev/vda >/dev/null 2>&1
	mount -t ext4 /dev/vda /mnt && cp /tmp/data /mnt/data && sync && umount /mnt &&
		echo 3 >/proc/sys/vm/drop_caches && mount -t ext4 -o ro /dev/vda /mnt &&
		cmp /tmp/data /mnt/data && umount /mnt && echo 'guest: disk keeps'
	grep -q 'virtio' /proc/interrupts && echo 'guest: disk interrupts'
fi
if [ -c /dev/hwrng ]; then
	[ "$(dd if=/dev/hwrng bs=512 count=8 2>/dev/null | wc -c)" = 4096 ] && echo 'guest: hwrng'
fi
# The kernel makes the ports some time after the driver took the device.
if ls -d /sys/bus/virtio/drivers/virtio_console/virtio* >/dev/null 2>&1; then
	until [ -c /dev/hvc0 ] && grep -qx test /sys/class/virtio-ports/*/name; do
		sleep 0.05
	done
fi
if [ -c /dev/hvc0 ]; then
	echo 'second console' >/dev/hvc0 && echo 'guest: hvc0'
fi
for port in /sys/class/virtio-ports/*/name; do
	[ -e "$port" ] || continue
	echo "guest: port $(cat "$port")"
	[ "$(cat "$port")" = test ] || continue
	port=${port%/name}
	exec 3<>"/dev/${port##*/}"
	read -r line <&3
	echo "guest: port heard $line"
	echo "answer" >&3
done
dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
case $end in
input)
	echo 'guest: say something'
	read -r line
	echo "guest: heard $line"
	poweroff -f
	;;
button)
	# The kernel makes the device's file some time after the driver.
	until [ -c /dev/input/event0 ]; do
		sleep 0.05
	done
	exec 4</dev/input/event0
	echo 'guest: listens'
	dd bs=24 count=1 <&4 2>/dev/null | od -An -tu2 -j16 -N4 | xargs echo 'guest: event'
	;;
memory)
	# Filled and freed by a file in RAM; linux.sh looks at what the monitor keeps.
	mount -t tmpfs -o size=600m tmpfs /tmp
	echo 'guest: has started'
	read -r line
	dd if=/dev/zero of=/tmp/fill bs=1M count=512 2>/dev/null
	echo 'guest: has filled'
	read -r line
	rm /tmp/fill
	echo 'guest: has freed'
	read -r line
	;;
reboot)
	echo 'guest: reboots'
	reboot -f
	;;
panic)
	echo c >/proc/sysrq-trigger
	;;
triple)
	# An exception with no table to look it up in: the kernel's last resort for reboot.
	echo 'guest: faults'
	reboot -f
	;;
spin)
	echo 'guest: spins'
	while :; do :; done
	;;
esac
echo 'guest: powers off'
poweroff -f
