#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine, which has two nodes of 3 GiB: guests whose RAM is of one node
# or the other, of the hugetlb pool, there from the start, or above 4 GiB. TAP.
#   memory.sh HIGH     where high.c's program is in the guest
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
high=$1
program=build/guests/negative # it waits

# refused STATUS PATTERN OPTION...: a Linux guest is refused so.
refused() {
	local want=$1 pattern=$2
	shift 2
	($slabvisor run --kernel "$dir/cloud/vmlinuz" "$@" >"$out" 2>&1 </dev/null)
	status=$?
	check "$*: $pattern" eval "[ $status = $want ] && said '^slabvisor: .*$pattern'"
}

# placed NODE: KiB of the monitor's memory that is bound to a node, there and elsewhere.
placed() {
	awk -v node="$1" '$2 == "bind:" node {
		for (i = 3; i <= NF; i++)
			if (split($i, part, "=") == 2 && part[1] == "kernelpagesize_kB") size = part[2]
		for (i = 3; i <= NF; i++)
			if (split($i, part, "=") == 2 && part[1] ~ /^N[0-9]+$/)
				sum[part[1] == "N" node] += part[2] * size
	} END { print sum[1] + 0, sum[0] + 0 }' "/proc/$guest/numa_maps"
}

# lies NODE LEAST: as much of it is bound to the node, and all of that lies there.
lies() {
	local there elsewhere
	read -r there elsewhere < <(placed "$1")
	echo "# bound to node $1: $there KiB there, $elsewhere KiB elsewhere"
	[ "$there" -ge "$2" ] && [ "$elsewhere" = 0 ]
}

# has NAME: KiB of the monitor, by a line of its status.
has() {
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$guest/status"
}

# waiting OPTION...: a program's guest that has started and waits.
waiting() {
	: >"$out"
	$slabvisor run --timeout 60 "$@" $program sleep >"$out" 2>&1 </dev/null &
	guest=$!
	exec 3>/dev/null
	tail -n +1 -f -s 0.1 --pid="$guest" "$out" 2>/dev/null | head -n 1 >/dev/null
}

over() {
	kill -TERM "$guest"
	ended
}

pool() { # NODE SIZE COUNT
	local file=/sys/devices/system/node/node$1/hugepages/hugepages-${2}kB/nr_hugepages
	echo "$3" >"$file"
	[ "$(cat "$file")" = "$3" ]
}

# RAM on both sides of the hole, of two nodes here.
truncate -s 16M "$work/disk"
start cloud/vmlinuz guest-memory.cpio "fill=16 high=$high" --cpus 2 --disk "path=$work/disk" \
	--numa memory=3G,host=1 --numa memory=1G,host=0
hear 'guest: has filled'
check 'node 0 is on node 1 here' lies 1 $((48 << 10))
check 'and node 1 on node 0' lies 0 $((32 << 10))
echo go >&3
ended
memory=$(tr -d '\r' <"$out" | sed -n 's/^guest: memory //p')
check "a guest of 4 GiB has $memory KiB" test "${memory:-0}" -gt $((3840 << 10)) # more than 3328M
check 'node 1 has what was asked for' said "^guest: node 1 has $((1 << 20)) KiB"
# But for what the first MiB has beside RAM.
check 'and node 0' said "^guest: node 0 has 31453[0-9]+ KiB"
check 'memory above 4 GiB is written and read' \
	said '^guest: high: 2048 pages written, 2048 read, which are the same'
check 'and is in the image' test "$(grep -ao 'this is page [0-9]*' "$work/disk" | sort -u | wc -l)" = 2048
check 'what both nodes were filled with is there' said '^guest: keeps'
check 'free pages are reported' said '^guest: reporting 1'
check 'it ends with 0' test $status = 0
quiet 'a guest of 4 GiB'

# Of the pool.
pool 1 2048 200
check 'there are 200 pages of 2 MiB on node 1' pool 1 2048 200
$slabvisor doctor >"$out" 2>&1
check 'doctor tells of them' said '^good  200 pages of 2 MiB are free for --hugepages'
check 'and of the nodes' said '^good  memory is on the NUMA nodes 0-1:'
refused 123 'hugetlb pool of node 0 has 0 free pages of 2 MiB, 192 are needed: write 192 to /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages' \
	--hugepages --numa memory=384M,host=0
refused 123 'hugetlb pool has 200 free pages of 2 MiB, 256 are needed: sysctl vm.nr_hugepages=256' \
	--hugepages --memory 512M
start cloud/vmlinuz guest-memory.cpio fill=16 --hugepages --numa memory=384M,host=1
hear 'guest: has filled'
check 'RAM of the pool is on its node, from the start' lies 1 $((384 << 10))
check 'and is pages of it' test "$(has HugetlbPages)" = $((384 << 10))
echo go >&3
ended
check 'the guest is well' said '^guest: keeps'
check 'and reports no pages' said '^guest: reporting 0'
check 'it ends with 0' test $status = 0
quiet 'a guest of pages of 2 MiB'
check 'the pages are back' test "$(cat /sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages)" = 200

refused 123 'hugetlb pool has 0 free pages of 1 GiB, 1 are needed: write 1 to /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages' \
	--hugepages=1G --memory 1G
pool 1 2048 0
check 'there is a page of 1 GiB on node 0' pool 0 1048576 1
start cloud/vmlinuz guest-memory.cpio fill=16 --hugepages=1G --memory 1G
hear 'guest: has filled'
check 'RAM of one page of 1 GiB' test "$(has HugetlbPages)" = $((1 << 20))
echo go >&3
ended
check 'the guest is well' said '^guest: keeps'
check 'it ends with 0' test $status = 0
pool 0 1048576 0

# There from the start.
waiting --prefault --numa memory=128M,host=0 --numa memory=96M,host=1
check 'all RAM is there, on node 0' lies 0 $((128 << 10))
check 'and on node 1' lies 1 $((96 << 10))
over
refused 123 '8.0 GiB are needed, [0-9.]+ GiB are available: [0-9.]+ GiB are missing' \
	--prefault --memory 8G
refused 123 '4.0 GiB are needed, [0-9.]+ GiB are available on host node 1: [0-9.]+ GiB are missing' \
	--prefault --numa memory=4G,host=1
refused 125 'this machine has no NUMA node 2' --numa host=2

# What control groups say. The monitor runs in one of its own.
group=/sys/fs/cgroup/few
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+memory +hugetlb +cpuset' >/sys/fs/cgroup/cgroup.subtree_control
mkdir $group
slabvisor() {
	echo $BASHPID >$group/cgroup.procs
	exec build/slabvisor "$@"
}
slabvisor=slabvisor
echo 256M >$group/memory.max
refused 123 '512.0 MiB are needed, 25[0-9].[0-9] MiB are available: 25[0-9].[0-9] MiB are missing' \
	--prefault --memory 512M
echo max >$group/memory.max
pool 0 2048 128
echo 128M >$group/hugetlb.2MB.max
refused 123 '192.0 MiB asked, the hugetlb limit of the cgroup leaves 128.0 MiB' \
	--hugepages --memory 192M
waiting --memory 64M --hugepages
check 'under such a limit all RAM is there from the start' test "$(has HugetlbPages)" -ge $((64 << 10))
over
echo 0 >$group/cpuset.mems
refused 125 'NUMA node 1 of this machine has no memory for this process' --numa host=1
finish
