#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The guest's kmalloc beside the host's allocators, in turns, in one run. Prints
# `name value unit` lines: medians of the rounds, and ratios to the fastest peer.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
B=${B:-build}
rounds=${ROUNDS:-9}
peer=$B/tests/malloc_peer
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT

declare -A library=(
	[glibc]=''
	[mimalloc]=libmimalloc.so.2
	[jemalloc]=libjemalloc.so.2
	[tcmalloc]=libtcmalloc_minimal.so.4
)
names='glibc mimalloc jemalloc tcmalloc'

# A library that is missing would leave glibc measured under its name.
for name in $names; do
	[ -z "${library[$name]}" ] || LD_PRELOAD=${library[$name]} "$BASH" -c : 2>&1 |
		{ ! grep -q 'cannot be preloaded'; } || {
		echo "bench: ${library[$name]} is missing: run make deps" >&2
		exit 1
	}
done

for ((round = 0; round < rounds; round++)); do
	"$B/slabvisor" run --timeout 60 --cpus 2 --heap 256M "$B/guests/kbench" >>"$figures"
	for name in $names; do
		LD_PRELOAD=${library[$name]} "$peer" "$name" >>"$figures"
	done
done

awk -v names="$names" "$medians"'
	function ratio(what,    i, peers, best, v) {
		split(names, peers, " ")
		for (i in peers) {
			v = median(peers[i] "_" what "_ns")
			if (!best || v < best)
				best = v
		}
		printf "kmalloc_%s_ratio %.3f x\n", what, median("kmalloc_" what "_ns") / best
	}
	END {
		for (i = 1; i <= n; i++)
			printf "%s %.2f %s\n", order[i], median(order[i]), unit[order[i]]
		ratio("pair")
		ratio("batch64")
		ratio("scatter")
		ratio("churn")
	}' "$figures"
