#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Pins, leases, frees and discards against a model (guest/pincheck). PINCHECK_STEPS: random steps
# of the longest run. PINCHECK_SEED: where they come from.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

seed=${PINCHECK_SEED:-1}
steps=${PINCHECK_STEPS:-1000000}

# pincheck NAME STEPS [options]: one run and its checks. Memory goes back to the host at once.
pincheck() {
	local name=$1 count=$2
	shift 2
	guest --heap 64M --reclaim-delay 0 "$@" "$B/guests/pincheck" "steps=$count" "seed=$seed"
	is "$status $(grep -c '^ok' "$out")" '0 2' \
		"$name: the host counts what is held, and what is held stays" || {
		echo "# seed $seed"
		say_output
	}
	all_given_back
	ok $? "$name: nothing is left behind" || say_output
}

pincheck 'four vCPUs' "$steps" --guest-ring 3 --cpus 4
pincheck 'one vCPU' $((steps / 10)) --guest-ring 3
pincheck 'eight vCPUs' $((steps / 20)) --guest-ring 3 --cpus 8
pincheck 'CPL 0' $((steps / 1000)) --guest-ring 0 --cpus 2
pincheck 'memfd' $((steps / 20)) --guest-ring 3 --cpus 2 --backing memfd
pincheck 'two nodes' $((steps / 20)) --guest-ring 3 --cpus 2 --numa heap=32M --numa heap=32M
pincheck 'debug modes' $((steps / 20)) --guest-ring 3 --cpus 2 --slab-debug=FZPU

done_testing
