#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# That data goes between a guest's pages and its disk without a copy, seen from outside: by the
# system calls of the monitor (strace), the host's page cache (fincore), and what the monitor
# says it copied. Each of the three is shown to catch what it is to catch.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

# Not in memory: tmpfs has no direct I/O.
mkdir -p "$B/tests"
dir=$(mktemp -d "$B/tests/syscalls.XXXXXX")
at_end "rm -rf '$dir'"
disk=$(readlink -f "$dir")/disk
trace=$work/trace
data=read,pread64,readv,preadv,preadv2,write,pwrite64,writev,pwritev,pwritev2
data=$data,process_vm_readv,process_vm_writev,sendfile,splice,copy_file_range,io_uring_enter

if ! strace -o /dev/null true 2>"$err"; then
	echo "1..0 # SKIP this host lets nobody trace: $(head -n 1 "$err")"
	exit 0
fi

# Past the page cache, and without holes: reads of those would be no reads.
fresh_disk() {
	rm -f "$disk"
	dd if=/dev/urandom of="$disk" bs=1M count=64 oflag=direct conv=fsync status=none
}

# What opening reads to know what a disk is: its start, its end, where a partition table may be.
looks=4

# Calls that move data of the disk's file, or between address spaces.
data_calls() {
	grep -v 'io_uring_enter(' "$trace" | grep -c -F -e "<$disk>" -e process_vm_
}

# traced DISK-OPTIONS PROGRAM ARGS: one guest under strace.
traced() {
	local options=$1
	shift
	timeout -s KILL 600 strace -f -qq -y -e trace="$data" -o "$trace" "$SLABVISOR" run --stats \
		--guest-ring 3 --heap 128M --disk "path=$disk$options" "$B/guests/$1" "${@:2}" \
		>"$out" 2>"$err" </dev/null
	status=$?
	rings=$(grep -c 'io_uring_enter(' "$trace")
	moves=$(data_calls)
	cached=$(fincore --bytes --noheadings --output RES "$disk" | tr -d ' ')
	copied=$(account blk_bytes_copied)
	moved=$(($(account blk_bytes_read) + $(account blk_bytes_written)))
}

# without_copy NAME PROGRAM ARGS
without_copy() {
	local name=$1
	shift
	fresh_disk
	traced '' "$@"
	is "$status" 0 "$name: status 0" || say_output
	# As many requests as are under way at once are made in no time at all: 32 of 4 KiB are the least.
	[ "$moved" -ge $((128 << 10)) ] && [ "$rings" -gt 0 ]
	ok $? "$name: data is moved, by io_uring ($moved bytes, $rings calls)"
	is "$moves" $looks "$name: no other call moves data" || grep -v io_uring_enter "$trace" | head | diag
	is "$cached" 0 "$name: nothing of the disk is in the page cache"
	is "$copied" 0 "$name: the monitor copied nothing"
}

without_copy 'random reads' zcbench rw=randread bs=4k depth=32 ms=200
without_copy 'random writes' zcbench rw=randwrite bs=4k depth=32 ms=200
without_copy 'sequential reads' zcbench rw=read bs=128k depth=8 ms=200
without_copy 'reads to user memory' zcbench rw=read bs=64k depth=8 mem=user ms=200
without_copy 'aligned data of all shapes' blkcheck sequence 2000 42 0

# The page cache's copies show in the page cache.
fresh_disk
traced ,direct=off blkcheck sequence 500 42 0
is "$status" 0 'direct=off: status 0' || say_output
[ "$cached" -gt 0 ]
ok $? "direct=off: the page cache has the data ($cached bytes)"

# A buffer's copies are counted.
fresh_disk
traced '' blkcheck sequence 500 42 1
is "$status" 0 'odd addresses: status 0' || say_output
is "$moves" $looks 'odd addresses: no other call moves data'
[ "$copied" -gt 0 ] && [ "$copied" -le "$moved" ] && [ "$(account blk_bounced_ops)" -gt 0 ]
ok $? "odd addresses: what went through buffers is counted ($copied of $moved bytes)"

# A program that copies by calls of its own.
strace -f -qq -y -e trace="$data" -o "$trace" dd if="$disk" of=/dev/null bs=1M count=4 status=none
is "$(data_calls)" 4 'a copy by dd: its calls are seen'

done_testing
