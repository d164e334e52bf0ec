#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a disk has acknowledged, looked at in that moment, on a device whose writes are slow and
# whose reads are not: all that was written before a flush was answered is there to be read by
# others, the device has been told to flush its cache, and what was written is what is read at
# once. A disk that answers before its writes or its flushes are over is caught.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/guest/loop.sh

blocks=64 # that blkcheck writes in each round
rounds=6

if ! loop_make 16M 512 || ! loop_slow 200; then
	echo "1..0 # SKIP this host gives no slow block device: $(head -n 1 "$err")"
	exit 0
fi

# Sets $flushes to how many the device has completed. Without another process: soon.
count_flushes() {
	local stat
	read -r -a stat <"/sys/block/${loop#/dev/}/stat"
	flushes=${stat[15]}
}

# The lowest round of which a block on the device is.
lowest() {
	dd if="$loop" iflag=direct bs=4096 count=$blocks status=none |
		perl -e 'binmode STDIN; local $/ = \4096; my $low = ~0;
			while (<STDIN>) { for my $n (unpack "Q<*") { $low = $n if $n < $low } }
			print $low'
}

# slow ARGS: blkcheck on the device, its writes held back.
slow() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout -s KILL 600 sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$slow_group" \
		"$SLABVISOR" run --guest-ring 3 --disk "path=$loop" "$B/guests/blkcheck" "$@"
}

count_flushes
before=$flushes
mkfifo "$work/said"
slow crash >"$work/said" 2>"$err" </dev/null &
exec 3<"$work/said"
for ((round = 1; round <= rounds; round++)); do
	read -r line <&3 || break
	count_flushes
	flushed=$((flushes - before))
	low=$(lowest)
	acked=${line#flushed }
	[ "$low" -ge "${acked:-0}" ]
	ok $? "flush ${acked:-?}: what was written before is on the device" ||
		echo "a block of round $low" | diag
	[ "$flushed" -ge "${acked:-0}" ]
	ok $? "flush ${acked:-?}: the device has flushed as often" || echo "$flushed times" | diag
done
# The monitor itself, which holds the device.
xargs kill -KILL <"$slow_group/cgroup.procs"
while read -r more <&3; do
	line=$more
done
exec 3<&-
wait $! 2>/dev/null
low=$(lowest)
acked=${line#flushed }
[ "$round" -gt "$rounds" ] && [ "$low" -ge "${acked:-0}" ]
ok $? "killed after flush ${acked:-?}: what was written before is on the device" || say_output

slow sequence 150 42 0 >"$out" 2>"$err" </dev/null
status=$?
is "$status" 0 'a random sequence: what was written is what is read' || say_output

done_testing
