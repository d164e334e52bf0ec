#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Short guests again and again on a stock KVM with one CPU, which repeat.sh runs: RUNS=2 of each kind.
# Few machines are made for them, MACHINE=100 rounds each. A machine that dies is counted apart from
# guests that fail: it is made anew, and goes on with the round after.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
runs=${RUNS:-2} machine=${MACHINE:-100}
deaths=0 round=1
log=$work/log
: >"$log"

while [ $round -le "$runs" ] && [ $deaths -lt 20 ]; do
	last=$((round + machine - 1 < runs ? round + machine - 1 : runs))
	tests/nested/run.sh --cpus 1 --timeout $((120 * (last - round + 1))) --out "$work/files" -- \
		tests/nested/repeat.sh $round $last >"$work/out" 2>"$work/err"
	status=$?
	cat "$work/out" >>"$log"
	case $status in
	0 | 1) round=$((last + 1)) ;;
	203)
		deaths=$((deaths + 1))
		diag <"$work/err"
		# The round in which it died counts as none, and there is one more for it.
		at=$(awk 'NF { at = $3 } END { print at }' "$work/out")
		round=$((${at:-$round} + 1))
		runs=$((runs + 1))
		;;
	*)
		ok 1 "the machine is well from round $round to $last" "status $status" "$(tail -n 40 "$work/err")"
		break
		;;
	esac
done
for kind in hello start tlb fault wait selftest; do
	passed=$(grep -c "^passed $kind " "$log")
	failed=$(grep -c "^failed $kind " "$log")
	echo "# $kind: $passed passed, $failed failed"
	is "$failed" 0 "$kind: none fails" || { grep "^failed $kind " "$log" && cat "$work/files/failed.$kind".*; } 2>&1 | diag
	[ "$passed" -gt 0 ]
	ok $? '... and it has run'
done
echo "# $deaths machines died"
done_testing
