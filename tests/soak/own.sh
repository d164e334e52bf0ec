#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: Linux guests that read and write their disk again and again while
# they give memory back, which the monitor discards: one reports what it has free, and the balloon of
# another is asked to grow and to shrink. The disk's windows are registered, and let go of before. TAP.
#   own.sh ROUNDS     where the program of rounds.c is in the guest
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
# shellcheck source=tests/soak/lib.sh
. tests/soak/lib.sh

rounds=$1
DATA=32 SCRATCH=8 # MiB of the disk
EACH=8            # MiB that may come back for each checksum, of which half must
ALL=320 LEFT=296  # MiB of the guest with a balloon: with it empty, and with it full
image=$NESTED_DISK/image
samples=$work/samples
cycles=$work/cycles

# resident: KiB of the guest's memory that the host keeps.
resident() {
	local key kib
	while read -r key kib _; do
		[ "$key" != RssAnon: ] || { echo "$kib" && return; }
	done 2>/dev/null <"/proc/$guest/status"
	return 1
}

# balloon MIB: asks the guest to keep so much, and waits until it says that it does, or 20 seconds:
# what disks have registered is a second late in going, and is then registered again by others.
balloon() {
	local end=$((SECONDS + 20))
	$slabvisor ctl "$work/qmp" balloon "{\"value\": $(($1 << 20))}" >/dev/null || return
	until [[ $($slabvisor ctl "$work/qmp" query-balloon) =~ \"actual\":\ *$(($1 << 20))[^0-9] ]]; do
		[ $SECONDS -lt $end ] || return
		read -rt 0.2 <> <(:)
	done
	return 0
}

# cycle: has the balloon filled and emptied until the guest ends, and tells of each.
cycle() {
	hear 'soak: starts'
	while kill -0 "$guest"; do
		balloon $LEFT && echo full
		balloon $ALL && echo empty
	done >"$cycles"
} 2>/dev/null

# machine NAME CMDLINE HELPER OPTION...: a guest from its start to its end, and what is to be right
# with each.
machine() {
	local name=$1 append=$2 helper=$3 windows
	shift 3
	head -c $((DATA + SCRATCH))M /dev/urandom >"$image"
	sync "$image"
	limit=$((300 + 75 * COUNT)) start cloud/vmlinuz guest-soak.cpio \
		"rounds=$rounds soak=$COUNT,$DATA,$SCRATCH,96 $append" --stats --disk "path=$image" "$@"
	exec 4< <(tail -n +1 -f -s 0.1 --pid="$guest" "$out" 2>/dev/null)
	watch "$samples" &
	$helper &
	follow "$image" $DATA $SCRATCH /dev/null "$samples" $EACH
	ended
	wait
	figure_lines "$name" "$samples"
	check "$name: $COUNT checksums of the disk were taken" test "$sums" = "$COUNT"
	check 'each of them is right' test "$wrong" = 0
	check 'what was written is read again' test "$again $wrong_again" = "$COUNT 0"
	check 'and is in the image' test "$written $wrong_written" = "$COUNT 0"
	check 'memory that had nothing to do with the disk was left alone' test "$changed" = 0
	check 'the guest did all of it' test "$ended $status" = '1 0'
	check "the guest gave back $given MiB meanwhile, $((EACH * COUNT / 2)) at least" \
		test "$given" -ge $((EACH * COUNT / 2))
	windows=$(awk '$1 == "blk_fixed_ops" { print $2 }' "$out")
	check "and $windows operations were on windows" test "${windows:-0}" -ge "$COUNT"
	quiet 'the guest'
}

machine own_reporting '' : --memory ${ALL}M
# No pages are of this order: whatever comes back is what the balloon takes.
machine own_balloon order=11 cycle --memory ${ALL}M --qmp "unix:$work/qmp"
full=$(grep -c full "$cycles") empty=$(grep -c empty "$cycles")
echo "# soak_own_balloon_full $full times"
check "its balloon took $((ALL - LEFT)) MiB $full times, and gave them back $empty times" \
	test "$full" -gt 0 -a "$empty" -gt 0
finish
