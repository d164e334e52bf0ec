#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest's disks: every kind of request and shape of data, errors, read-only disks, the
# same bytes by every way that data can take, memory that goes away under I/O.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

disk=$work/disk
blank() {
	rm -f "$disk"
	truncate -s 64M "$disk"
}

# blkcheck NAME DISK-OPTIONS [options] -- ARGS: one run and its checks.
blkcheck() {
	local name=$1 spec=path=$disk$2 options=() planned
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	guest --heap 128M --disk "$spec" "${options[@]}" "$B/guests/blkcheck" "$@"
	is "$status" 0 "$name: status 0" || say_output
	! grep '^not ok' -A 1 "$out" | diag 2>&1 | grep .
	ok $? "$name: every check holds"
	planned=$(sed -n 's/^1\.\.//p' "$out")
	is "$(grep -cE '^(not )?ok ' "$out")" "${planned:-no plan}" "$name: as many as planned"
	all_given_back
	ok $? "$name: nothing is left behind, and nothing pinned" || say_output
}

blank
for ring in 3 0; do
	what=all
	[ $ring = 3 ] || what=kinds
	blkcheck "CPL $ring" ,serial=Serial-1 --guest-ring $ring --cpus 2 -- $what Serial-1
done
blkcheck 'one queue for three vCPUs' ,queues=1 --cpus 3 -- all
blkcheck 'page cache' ,direct=off -- all
blkcheck 'nothing registered' '' --pin-budget 0 -- all
blkcheck 'memory of a memfd, given back at once' '' --backing memfd --reclaim-delay 0 -- all
blkcheck 'debug modes' '' --slab-debug=FZPU -- kinds
blkcheck 'no polling' '' --poll-us 0 -- kinds

cp "$disk" "$work/before"
blkcheck 'read-only' ,readonly=on -- all
cmp "$disk" "$work/before" >&2
ok $? 'read-only: not a byte was changed'

# The same sequence by every way: the same bytes.
declare -A ways=(
	[pinned]='0'
	[bounced]='1'
	[plain]='0 --pin-budget 0'
	[cached]='0'
)
for way in pinned bounced plain cached; do
	read -r shift options <<<"${ways[$way]}"
	blank
	# shellcheck disable=SC2086 # a list of words
	blkcheck "sequence, $way" ",direct=$([ $way = cached ] && echo off || echo on)" \
		--guest-ring 3 $options -- sequence 10000 42 "$shift"
	case $way in
	pinned)
		is "$(account blk_bytes_copied)" 0 'sequence, pinned: the monitor copied nothing'
		[ "$(account blk_fixed_ops)" -gt 0 ]
		ok $? 'sequence, pinned: by registered windows'
		mv "$disk" "$work/pinned"
		continue
		;;
	bounced)
		# A file system without direct I/O has no alignment either.
		[ "$(account blk_bounced_ops)" -gt 0 ] || grep -q 'has no direct I/O' "$err"
		ok $? 'sequence, bounced: through buffers of the monitor' || say_output
		;;
	plain)
		is "$(account blk_fixed_ops)" 0 'sequence, plain: nothing is registered'
		;;
	esac
	cmp "$disk" "$work/pinned" >&2
	ok $? "sequence, $way: the same bytes as pinned"
done

blank
for cpus in 1 2; do
	blkcheck "churn, $cpus vCPU" '' --guest-ring 3 --cpus $cpus -- churn 200
done
blkcheck 'churn, memory given back at once' '' --guest-ring 3 --reclaim-delay 0 -- churn 200
blkcheck 'churn, nothing registered' '' --guest-ring 3 --pin-budget 0 -- churn 200

# A working set far above the budget.
guest --heap 256M --memory 64M --guest-ring 3 --pin-budget 8M --disk "path=$disk" \
	"$B/guests/zcbench" rw=randread bs=4k depth=32 buffers=128m ms=200
is "$status" 0 'buffers of 128M with a budget of 8M: status 0' || say_output
[ "$(account window_bytes)" -le $((8 << 20)) ] && [ "$(account windows_made)" -ge 1 ]
ok $? 'buffers of 128M with a budget of 8M: no more is registered' || say_output
all_given_back
ok $? 'buffers of 128M with a budget of 8M: nothing is left behind' || say_output

# What a file fails is the host's to say: a guest has no more than EIO. The limit on the size of
# files stands for a file system that is full.
blank
(ulimit -S -f 1024 && guest --disk "path=$disk,direct=off" "$B/guests/blkcheck")
grep -q '^not ok' "$out"
ok $? 'a file that takes no more fails its guest' || say_output
grep -q "^slabvisor: --disk path=$disk: a write failed: File too large: the driver is told" "$err"
ok $? '... and the host says why' || say_output

done_testing
