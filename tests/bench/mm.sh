#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What mm costs by itself, by the programs of build/bench: medians of ROUNDS=3. OPERATIONS=2e7 of the trace.
# tests/bench/lib.sh says what is printed.
set -eu
cd "$(dirname "$0")/../.."
rounds=3
. tests/bench/lib.sh

round() {
	for program in mm mm_harden mm_colour mm_discard "mm_trace ${OPERATIONS:-2e7}"; do
		bench_step "$program"
		# shellcheck disable=SC2086 # a program and its argument
		"$B"/bench/$program >>"$figures"
	done
}

bench_start mm '^buddy_.*_ns$|^trace_buddy_op_ns$'
bench_rounds round
