#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a guest makes its host commit is no more than --dry-run says that it can come to: guests
# that take all that there is to be had are run in a control group whose limit is just that. The
# kernel's own memory, page tables and KVM's, counts in such a group.
#
# HEAPS="64M 1G" are theirs. SOAK=1 fills each with the dearest objects, and has one of 8 GiB as
# well: 10 to 20 minutes.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/wait.sh

GREEDY_DONE=77
name=slabvisor-bounds.$$

# Makes a group for memory; says why there can be none.
make_group() {
	if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
		group=/sys/fs/cgroup/memory/$name
		limit=memory.limit_in_bytes peak=memory.max_usage_in_bytes hit=memory.failcnt
	elif grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		group=/sys/fs/cgroup/$name
		limit=memory.max peak=memory.peak hit=memory.events
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	else
		echo 'this host has no control groups for memory'
		return 1
	fi 2>/dev/null
	mkdir "$group" 2>/dev/null && [ -w "$group/$limit" ] && [ -r "$group/$peak" ] && return
	echo 'no control group can be made here, or its kernel does not tell the most that it had'
	return 1
}

remove_group() {
	# A process that has ended is gone from its group a little later.
	until_true 60 rmdir "$group" 2>/dev/null
}

# How often the group wanted more than its limit.
times_hit() {
	awk 'NF == 1 { print $1 } $1 == "max" { print $2 }' "$group/$hit"
}

# in_group OPTIONS...: runs a guest in there, to its end; sets status. Its output goes through a
# pipe: that of a file would count as memory of the group.
in_group() {
	(
		echo $BASHPID >"$group/cgroup.procs" || exit 99
		exec "$SLABVISOR" run --timeout 1500 "$@"
	) 2>"$err" </dev/null | tail -n 1 >"$out"
	status=${PIPESTATUS[0]}
}

# figure OPTIONS...: MiB that --dry-run says a guest comes to.
figure() {
	"$SLABVISOR" run --dry-run "$@" | sed -n '1s/.*at most \([0-9]*\) MiB: .*/\1/p'
}

# stays_within DESCRIPTION PARTS OPTIONS...: a greedy guest that has what it is promised.
stays_within() {
	local what=$1 parts=$2 most had
	shift 2
	most=$(figure --cpus 4 "$@" "$B/guests/hostile")
	"$SLABVISOR" run --dry-run --cpus 4 "$@" "$B/guests/hostile" | head -n 1 | diag
	if ! make_group >"$work/why"; then
		skip "$what" "$(cat "$work/why")"
		return
	fi
	# Each of the five parts was rounded up.
	echo $(((most - 5) << 20)) >"$group/$limit"
	in_group --cpus 4 "$@" "$B/guests/hello"
	[ "$status" -eq 123 ] && grep -q 'the memory limit of the cgroup is' "$err"
	ok $? "$what: it does not start where it may come to more than there is" || say_output
	remove_group
	make_group >/dev/null
	echo $((most << 20)) >"$group/$limit"
	# shellcheck disable=SC2086
	in_group --cpus 4 "$@" "$B/guests/hostile" greedy $parts
	had=$(cat "$group/$peak")
	is "$status" $GREEDY_DONE "$what: it gets all that it can, and ends by its own status" || say_output
	is "$(times_hit)" 0 "$what: the limit is never reached"
	[ "$had" -gt 0 ] && [ "$had" -le $((most << 20)) ]
	ok $? "$what: it comes to no more than was said"
	diag <"$out"
	echo "$what: $((had >> 20)) of $most MiB, $((most - (had >> 20))) MiB to spare" | diag
	remove_group
}
# shellcheck disable=SC2016 # expanded at the end
at_end 'rm -f "${disk-}"; [ -z "${group-}" ] || rmdir "$group" 2>/dev/null'

# frames OPTIONS...: frames of these two, by what --dry-run says.
frames() {
	"$SLABVISOR" run --dry-run "$@" | awk -F'[ ,]+' 'NR == 1 {
		for (i = 1; i < NF; i++)
			if ($i == "ram" || $i == "heap")
				sum += $(i + 1)
		print sum * 256
	}'
}

if strace -o /dev/null true 2>"$err"; then
	strace -f -e trace=ioctl -o "$work/trace" "$SLABVISOR" run --heap 64M "$B/guests/hello" >"$out" 2>"$err"
	asked=$(sed -n 's/.*KVM_SET_NR_MMU_PAGES, \([0-9a-fx]*\)) *= 0$/\1/p' "$work/trace" | head -n 1)
	is "$((asked))" $(($(frames --heap 64M "$B/guests/hello") / 128 + 512)) \
		'KVM is told how many page tables to keep, by what the guest has'
else
	skip 'KVM is told how many page tables to keep' "this host lets nobody trace: $(head -n 1 "$err")"
fi

some=some
[ -z "${SOAK-}" ] || some=
for heap in ${HEAPS-64M 1G ${SOAK:+8G}}; do
	parts=$some
	[ "$heap" != 64M ] || parts=
	stays_within "$heap" "$parts" --heap "$heap"
done
stays_within '64M, half of it for user space' some --heap 64M,user=32M
stays_within '64M, debugged' '' --heap 64M --slab-debug=U
# A file of a filesystem that has direct I/O: the page cache counts in a group as well.
mkdir -p "$B/tests"
disk=$(mktemp "$B/tests/bounds.XXXXXX")
truncate -s 64M "$disk"
stays_within '64M, with a disk' some --heap 64M --disk "path=$disk"

done_testing
