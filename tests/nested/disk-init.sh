#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the Linux guest of disk.sh. It does what Linux users do with each of its disks and
# says of each act, by one line, how it went; disk.sh looks at the other side.
#   vda  split rings    vdb  packed rings, two queues    vdc  read-only
/bin/busybox --install -s
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
while read -r module; do
	modprobe "$module"
done </etc/modules

# did NAME CMD...: says whether CMD ends with 0, and what it printed if it does not.
did() {
	local name=$1
	shift
	if "$@" >/tmp/log 2>&1; then
		echo "guest: ok $name"
	else
		echo "guest: not ok $name"
		tail -n 20 /tmp/log | sed 's/^/guest: | /'
	fi
}

# ask N: tells disk.sh that it is its turn, and waits for it.
ask() {
	echo "guest: asks $1"
	read -r answer
	[ "$answer" = go ] || poweroff -f
}

feature() { # DISK BIT: whether the driver accepted it
	[ "$(cut -c$(($2 + 1)) "/sys/block/$1/device/features")" = 1 ]
}

file_system() {
	mkfs.ext4 -q -F "/dev/$1" && mount -t ext4 "/dev/$1" /mnt &&
		dd if=/tmp/data of=/mnt/data bs=64k conv=fsync && mkdir /mnt/dir &&
		cp /bin/busybox /mnt/dir/ && mv /mnt/dir/busybox /mnt/moved && sync /mnt/moved &&
		umount /mnt
}

remount() {
	echo 3 >/proc/sys/vm/drop_caches
	mount -t ext4 -o ro "/dev/$1" /mnt && cmp /tmp/data /mnt/data && cmp /bin/busybox /mnt/moved &&
		umount /mnt
}

# Random writes, each read back and its checksum compared, past the page cache.
verify() { # DISK OPTION...
	local disk=$1
	shift
	fio --name=verify --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randwrite --verify=crc32c --verify_fatal=1 --randseed=7 --output=/tmp/fio "$@" ||
		{ cat /tmp/fio && return 1; }
}

# Sectors that share no page, no multiple of 4 KiB, no power of two: by O_DIRECT and by the cache.
odd() {
	head -c 66048 /tmp/data >/tmp/odd # 129 sectors
	dd if=/tmp/odd of="/dev/$1" bs=512 seek=8191 oflag=direct &&
		dd if=/tmp/odd of="/dev/$1" bs=1536 seek=6007 oflag=direct &&
		dd if=/tmp/odd of="/dev/$1" bs=509 seek=40009 conv=fsync || return 1
	echo 3 >/proc/sys/vm/drop_caches
	dd if="/dev/$1" bs=1536 count=43 iflag=direct,skip_bytes skip=$((8191 * 512)) | cmp - /tmp/odd &&
		dd if="/dev/$1" bs=512 count=129 iflag=direct skip=18021 | cmp - /tmp/odd &&
		dd if="/dev/$1" bs=66048 count=1 iflag=skip_bytes,fullblock skip=$((40009 * 509)) | cmp - /tmp/odd
}

fill() { # DISK: all of it, with the same 4 MiB
	for _ in $(seq $(($(blockdev --getsz "/dev/$1") / 8192))); do
		cat /tmp/data
	done | dd of="/dev/$1" bs=1M oflag=direct iflag=fullblock
}

zero() { # DISK OFFSET LENGTH, in MiB
	[ "$(dd if="/dev/$1" bs=1M skip="$2" count="$3" iflag=direct 2>/dev/null | tr -d '\0' | wc -c)" = 0 ]
}

refused() {
	! dd if=/tmp/data of="/dev/$1" bs=4096 count=1 conv=fsync
}

# The driver hears of it by an interrupt.
becomes() { # DISK MIB
	for _ in $(seq 300); do
		[ "$(blockdev --getsz "/dev/$1")" != $(($2 * 2048)) ] || return 0
		sleep 0.1
	done
	blockdev --getsz "/dev/$1"
	return 1
}

fill_file() { # FILE MIB: no two places alike; its checksum goes to /tmp/sum
	dd if=/dev/urandom bs=1M count="$2" | tee "$1" | md5sum >/tmp/sum && sync "$1" &&
		[ "$(stat -c %s "$1")" = $(($2 << 20)) ]
}

read_again() { # FILE DISK
	umount /mnt && mount -t ext4 "$2" /mnt && md5sum <"$1" | cmp - /tmp/sum && umount /mnt
}

dd if=/dev/urandom of=/tmp/data bs=64k count=64 2>/dev/null
did 'vda has split rings' eval '! feature vda 34'
did 'vdb has packed rings' feature vdb 34
did 'vda has one queue' test ! -e /sys/block/vda/mq/1
queues=$(cat /sys/block/vdb/mq/[01]/cpu_list | xargs)
did 'vdb has a queue a CPU' test "$queues" = '0 1'
did 'vdb has its serial number' grep -qx of-vdb /sys/block/vdb/serial
for disk in vda vdb; do
	did "$disk takes a file system" file_system $disk
	did "$disk shows it again" remount $disk
	did "$disk: fsck finds it clean" fsck.ext4 -f -n /dev/$disk
	did "$disk: fio verifies 4k" verify $disk --bs=4k --size=4M
	did "$disk: fio verifies other sizes" verify $disk --bsrange=512-68k --blockalign=512 --size=8M
	did "$disk takes odd places" odd $disk
done
did 'vdb: fio verifies from both CPUs' verify vdb --bs=8k --size=2M --numjobs=2 \
	--offset_increment=32M --cpus_allowed=0,1 --cpus_allowed_policy=split
did 'vdc can be read' eval 'dd if=/dev/vdc bs=4k count=1 2>/dev/null | grep -q "read only"'
did 'vdc takes no write' refused vdc

did 'vda is filled' fill vda
sync
ask 1
# Busybox has one of its own, which its shell would take.
did 'vda: 32M are discarded' /usr/sbin/blkdiscard -o 16M -l 32M /dev/vda
did 'vda: they read as zero' zero vda 16 32
did 'vda: the rest does not' eval '! zero vda 15 1 && ! zero vda 48 1'
did 'vda: 8M are zeroed' /usr/sbin/blkdiscard -z -o 48M -l 8M /dev/vda
did 'vda: they are zero' zero vda 48 8
did 'vdb takes a file system of 64M' eval 'mkfs.ext4 -q -F /dev/vdb && mount -t ext4 /dev/vdb /mnt'
sync
ask 2
did 'vdb becomes 96M' becomes vdb 96
did 'its file system grows with it' resize2fs /dev/vdb
did 'a file of 72M fits' fill_file /mnt/more 72
did 'and is read again' read_again /mnt/more /dev/vdb
did 'fsck finds it clean' fsck.ext4 -f -n /dev/vdb
dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
echo 'guest: all done'
poweroff -f
