#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the Linux guest of module-bench.sh. The kernel's command line has preload=PATH,
# giveback=PATH mib=N, and perhaps instructions=1: time counts these in the machine.
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
preload='' giveback='' mib='' instructions=0
read -r words </proc/cmdline
for word in $words; do
	case $word in
	preload=*) preload=${word#*=} ;;
	giveback=*) giveback=${word#*=} ;;
	mib=*) mib=${word#*=} ;;
	instructions=*) instructions=${word#*=} ;;
	esac
done
requests() {
	awk '{ n += $4 } END { print n }' /sys/kernel/debug/slabvisor/queues
}

modprobe virtio_mmio
modprobe virtio_balloon
modprobe slabvisor
unit=us
[ "$instructions" = 0 ] || unit=thousand-instructions
for what in pair batch scatter; do
	before=$(requests)
	modprobe slabvisor_selftest turns=$what instructions="$instructions"
	after=$(requests)
	rmmod slabvisor_selftest
	dmesg -c | sed -n 's/.*bench: /guest: bench /p'
	echo "guest: bench ${what}_requests $((after - before)) requests"
done
# Programs in turns, with glibc's malloc and with the host's memory. Instructions hardly vary.
turns='1 2 3 4 5 6 7'
[ "$instructions" = 0 ] || turns='1 2 3'
cat >/run/turns.sh <<'END'
name=$1
shift
for turn in $turns; do
	for lib in '' "$preload"; do
		before=${EPOCHREALTIME/./}
		LD_PRELOAD=$lib "$@" >/dev/null
		echo "$name ${lib:+preload} $((${EPOCHREALTIME/./} - before))" >>/run/times
	done
done
END
export preload turns
# shellcheck disable=SC2016 # perl's
bash /run/turns.sh perl perl -e 'my %h; $h{$_} = "x" x ($_ % 100) for 1 .. 20000;
	delete $h{$_ * 2} for 1 .. 7000; my @a = map { [$_, "y" x 40] } 1 .. 15000; print scalar(@a)'
bash /run/turns.sh sqlite3 sqlite3 :memory: 'create table t(a integer primary key, b text);
	with recursive c(x) as (values(1) union all select x + 1 from c where x < 20000)
	insert into t select x, hex(x * 7919) from c; create index i on t(b);
	select count(*), sum(a), max(b) from t where b > 5; delete from t where a % 3; vacuum;'
for name in perl sqlite3; do
	for lib in '' preload; do
		awk -v "name=$name" -v "lib=$lib" '$1 == name && (lib ? $2 == lib : NF == 2) { print $NF }' /run/times |
			sort -n | sed -n "$(($(echo "$turns" | wc -w) / 2 + 1))s/.*/guest: bench ${name}_${lib:-glibc} & $unit/p"
	done
done
# What becomes of half a program's memory. The machine outside looks, and says when to go on: busybox's
# sed would read a line ahead and keep the last one from it.
[ "$instructions" = 0 ] || [ "$mib" = 0 ] || for how in first last scattered; do
	for lib in '' "$preload"; do
		LD_PRELOAD=$lib "$giveback" "$mib" $how | while read -r line; do
			echo "guest: $line"
		done
	done
done
echo 'guest: powers off'
poweroff -f
