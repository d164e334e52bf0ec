#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The guest's kmalloc beside the host's allocators, in turns, in one run: medians of ROUNDS=9, and ratios to the fastest
# peer. tests/bench/lib.sh says what is printed.
set -eu
cd "$(dirname "$0")/../.."
rounds=9
. tests/bench/lib.sh
names='glibc mimalloc jemalloc tcmalloc'

round() {
	bench_step guest
	"$B/slabvisor" run --timeout 60 --cpus 2 --heap 256M "$B/guests/kbench" >>"$figures"
	for name in $names; do
		bench_step "$name"
		LD_PRELOAD=${library[$name]} "$B/tests/malloc_peer" "$name" >>"$figures"
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
