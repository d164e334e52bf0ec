#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A disk that two services reach through page caches of their own, as two hosts would: what a machine
# wrote at one it reads at the other, and a disk that grew is larger there.
. tests/serve/lib.sh

pids=()
loops=()
leave() {
	[ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}"
	for loop in "${loops[@]}"; do
		losetup -d "$loop"
	done
} 2>/dev/null
at_end leave

# attach: a loop device of the image, in $loop.
attach() {
	loop=$(losetup -f --show "$disk" 2>"$err") || return
	loops+=("$loop")
}

truncate -s 8M "$disk"
if ! attach || ! attach; then
	skip 'a disk moves' "loop devices: $(cat "$err")"
	done_testing
	exit
fi

for direct in off on; do
	truncate -s 8M "$disk"
	pids=()
	for side in 0 1; do
		losetup -c "${loops[side]}"
		"$SLABVISOR" serve --direct $direct --blk-file "${loops[side]}" \
			--socket-path "$work/$side.sock" 2>>"$err" &
		pid=$!
		pids+=("$pid")
		socket=$work/$side.sock
		listening
	done
	timeout 600 python3 tests/serve/moves.py "$work/0.sock" "$work/1.sock" \
		"truncate -s 16M $disk && losetup -c ${loops[0]} && losetup -c ${loops[1]}" \
		>"$out" 2>>"$err"
	status=$?
	ok $status "direct=$direct: what was written and the size go with the machine" || say_output
	kill -TERM "${pids[@]}"
	wait "${pids[@]}"
	pids=() pid=
done
done_testing
