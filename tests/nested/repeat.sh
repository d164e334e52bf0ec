#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# repeat.sh FIRST LAST: runs inside the nested machine each kind of guest once a round, from round FIRST
# to LAST. It prints a line for each run, "passed KIND ROUND" or "failed KIND ROUND WHY", as soon as it
# has ended, so that a machine that dies leaves what is known. All that a failed run printed is kept in
# $NESTED_OUT/failed.KIND.ROUND.
set -u

slabvisor=build/slabvisor
guests=build/tests/asm
out=$(mktemp)
failures=0

# one STATUS PATTERN OPTIONS AND PROGRAM...: it must end with STATUS and print a line like PATTERN,
# on one of its outputs, and none that a check has failed.
one() {
	local wanted=$1 pattern=$2 status why='' began=${EPOCHREALTIME/./}
	shift 2
	timeout -s KILL 400 $slabvisor run --stats "$@" >"$out" 2>&1 </dev/null
	status=$?
	[ $status = "$wanted" ] || why="status $status"
	grep -qE -- "$pattern" "$out" || why="$why, no line like $pattern"
	! grep -q '^not ok' "$out" || why="$why, a check failed"
	if [ -z "$why" ]; then
		echo "passed $kind $round $((${EPOCHREALTIME/./} - began)) us"
		return
	fi
	failures=$((failures + 1))
	echo "failed $kind $round ${why#, }"
	{ echo "$*: $why" && cat "$out"; } >"$NESTED_OUT/failed.$kind.$round"
}

for ((round = $1; round <= $2; round++)); do
	for kind in ${KINDS:-hello start tlb fault wait selftest}; do
		case $kind in
		hello) one 7 '^hello from ring 0' "$guests/hello" word ;;
		start) one 0 '^exits [0-9]' --cpus 4 "$guests/start" ;;
		tlb) one 0 '^exits [0-9]' --cpus 2 "$guests/tlb" ;;
		fault) one 120 'guest fault: divide error' "$guests/fault" d ;;
		wait) one 0 '^exits [0-9]' --cpus 2 "$guests/wait" ;;
		selftest) one 0 '^1\.\.[0-9]+$' --heap 64M build/guests/selftest ;;
		esac
	done
done
[ $failures = 0 ]
