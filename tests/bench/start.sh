#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# From the start of `slabvisor run hello` to its end, where that time goes, and what the monitor itself keeps in memory
# meanwhile: medians of ROUNDS=5 rounds of RUNS=10 each. The parts are of runs of their own, with a library preloaded that
# notes when KVM is called (tests/bench/start_marks.c); start_marked_ms is what such a run takes. What a process costs
# that does nothing stands beside it (true_ms). tests/bench/lib.sh says what is printed.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
runs=${RUNS:-10}
marks=$work/marks

# timed NAME COMMAND...: NAME_ms; sets start and end, in microseconds.
timed() {
	start=${EPOCHREALTIME/[.,]/}
	"${@:2}" >/dev/null
	end=${EPOCHREALTIME/[.,]/}
	figure "$1_ms" "$(((end - start) / 1000)).$(printf %03d $(((end - start) % 1000)))" ms
}

# Of the marks: how long each part took. Without a probe of CPL 0 that one takes no time.
parts() {
	tr -d '\0' <"$marks" | awk -v start="$start" -v end="$end" '
		function part(name, to) {
			printf "start_%s_ms %.3f ms\n", name, (to - start) / 1000
			start = to
		}
		{ at[$1] = $2 }
		END {
			if (!at["probed"] || at["probed"] > at["guest_first"])
				at["probed"] = at["run_first"]
			part("exec", at["loaded"])
			part("options", at["vm_asked"])
			part("kvm", at["vm_made"])
			part("memory", at["vcpu_asked"])
			part("vcpu", at["run_first"])
			part("probe", at["probed"])
			part("to_first_instruction", at["guest_first"])
			part("guest", at["guest_last"])
			part("end", at["ended"])
			part("exit", end)
		}' >>"$figures"
}

round() {
	for ((i = 0; i < runs; i++)); do
		timed true /bin/true
		timed start_to_exit "$B/slabvisor" run "$B/guests/hello"
		rm -f "$marks"
		truncate -s 4096 "$marks"
		timed start_marked env BENCH_MARKS="$marks" LD_PRELOAD="$PWD/$B/tests/start_marks.so" "$B/slabvisor" run "$B/guests/hello"
		parts
	done
	"$B/slabvisor" run --stats "$B/guests/hello" 2>"$work/account" >/dev/null
	figure monitor_rss_kib "$(field "$work/account" monitor_rss_kib)" KiB
}

bench_start start '^true_ms$'
bench_rounds round
