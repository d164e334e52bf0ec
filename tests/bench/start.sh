#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# From the start of `slabvisor run hello` to its end, and what the monitor itself
# keeps in memory meanwhile. Prints `name value unit` lines.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-build}
runs=${RUNS:-30}
account=$(mktemp)
trap 'rm -f "$account"' EXIT

for ((i = 0; i < runs; i++)); do
	start=${EPOCHREALTIME/[.,]/}
	"$B/slabvisor" run "$B/guests/hello" >/dev/null
	end=${EPOCHREALTIME/[.,]/}
	echo $((end - start))
done | sort -n | awk '{ v[NR] = $1 } END { printf "start_to_exit_ms %.2f ms\n", v[int((NR + 1) / 2)] / 1000 }'

"$B/slabvisor" run --stats "$B/guests/hello" 2>"$account" >/dev/null
awk '$1 == "monitor_rss_kib" { print $1, $2, "KiB" }' "$account"
