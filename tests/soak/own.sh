#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: a Linux guest that reads and writes its disk again and again
# while it reports what memory it has free, which the monitor discards. The disk's windows are
# registered, and let go of before. TAP. The balloon itself is never asked to grow.
#   own.sh ROUNDS     where the program of rounds.c is in the guest
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
# shellcheck source=tests/soak/lib.sh
. tests/soak/lib.sh

DATA=32 SCRATCH=8 # MiB of the disk
EACH=4            # MiB that are to come back for each checksum
image=$NESTED_DISK/image
samples=$tmp/samples

# resident: KiB of the guest's memory that the host keeps.
resident() {
	local key kib
	while read -r key kib _; do
		[ "$key" != RssAnon: ] || { echo "$kib" && return; }
	done 2>/dev/null <"/proc/$guest/status"
	return 1
}

head -c $((DATA + SCRATCH))M /dev/urandom >"$image"
sync "$image"
limit=$((45 + 15 * COUNT)) start cloud/vmlinuz guest-soak.cpio "rounds=$1 soak=$COUNT,$DATA,$SCRATCH,96" \
	--memory 320M --stats --disk "path=$image"
exec 4< <(tail -n +1 -f -s 0.1 --pid="$guest" "$out" 2>/dev/null)
watch "$samples" &
follow "$image" $DATA $SCRATCH /dev/null "$samples" $EACH
ended
figure_lines own "$samples"
check "$COUNT checksums of the disk were taken" test "$sums" = "$COUNT"
check 'each of them is right' test "$wrong" = 0
check 'what was written is read again' test "$again $wrong_again" = "$COUNT 0"
check 'and is in the image' test "$written $wrong_written" = "$COUNT 0"
check 'memory that had nothing to do with the disk was left alone' test "$changed" = 0
check 'the guest did all of it' test "$ended $status" = '1 0'
given=$(given_back "$samples")
check "the guest gave back $given MiB meanwhile, $((EACH * COUNT)) at least" \
	test "$given" -ge $((EACH * COUNT))
windows=$(awk '$1 == "blk_fixed_ops" { print $2 }' "$out")
check "and $windows operations were on windows" test "${windows:-0}" -ge "$COUNT"
quiet 'the guest'
finish
