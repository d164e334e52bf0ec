#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The monitor is killed while a guest writes and flushes: whatever flush was answered by
# then, what was written before it is on the disk.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

disk=$work/disk
truncate -s 16M "$disk"
mkfifo "$work/said"

for ((round = 1; round <= 50; round++)); do
	timeout -s KILL 600 "$SLABVISOR" run --guest-ring 3 --disk "path=$disk" "$B/guests/blkcheck" crash \
		>"$work/said" 2>"$err" </dev/null &
	exec 3<"$work/said"
	line=''
	for ((n = RANDOM % 20; n >= 0; n--)); do
		read -r line <&3 || break
	done
	# The monitor itself, not the one that watches over its time.
	pkill -KILL -P $! 2>/dev/null
	# What it said before it was killed.
	while read -r more <&3; do
		line=$more
	done
	exec 3<&-
	wait $! 2>/dev/null
	acked=${line#flushed }
	guest --guest-ring 3 --disk "path=$disk,readonly=on" "$B/guests/blkcheck" verify "${acked:-none}"
	[ -n "$line" ] && [ "$status" -eq 0 ]
	ok $? "kill $round: what was flushed by round ${acked:-?} is there" || say_output
done

done_testing
