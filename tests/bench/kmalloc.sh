#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The guest's kmalloc beside the host's allocators, in turns, in one run: medians of ROUNDS=3 of TURNS=5 each, and ratios
# to the fastest peer. A turn is short, and a machine's speed changes from one to the next: there and back, what
# changes meanwhile favours none. tests/bench/lib.sh says what is printed.
set -eu
cd "$(dirname "$0")/../.."
rounds=3
. tests/bench/lib.sh
names='glibc mimalloc jemalloc tcmalloc'

turn_of() { # NAME
	if [ "$1" = guest ]; then
		"$B/slabvisor" run --timeout 60 --cpus 2 --heap 256M "$B/guests/kbench" >>"$figures"
	else
		LD_PRELOAD=${library[$1]} "$B/tests/malloc_peer" "$1" >>"$figures"
	fi
}

round() {
	local i name order="guest $names"
	for ((i = 1; i <= ${TURNS:-5}; i++)); do
		for name in $order; do
			bench_step "turn $i, $name"
			turn_of "$name"
		done
		# shellcheck disable=SC2086 # a list of words
		order=$(back $order)
	done
}

bench_start kmalloc "^(${names// /|})_.*_ns$"
# shellcheck disable=SC2086 # a list of words
malloc_peers $names
for what in pair batch64 scatter churn two_batch64 handover handover_mixed exchange exchange_mixed; do
	# shellcheck disable=SC2046,SC2086 # lists of words
	bench_ratio "kmalloc_${what}_ratio" "kmalloc_${what}_ns" $(printf "%s_${what}_ns " $names)
done
bench_table tests/bench/kmalloc.table
bench_rounds round
