#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A heap that is nearly full, and one whose free pages lie apart. GFP_ATOMIC gets NULL when the host
# has no such run, as its query-memory says, and not before; small objects and vmalloc() have the last
# pages. SCALE=500 makes it a million allocations of each order, and all sizes.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

scale=${SCALE:-1}

# The host's free runs of an order or more.
free_runs() {
	local runs
	# shellcheck disable=SC2207 # numbers
	runs=($("$SLABVISOR" ctl "$work/qmp" query-memory | tr -d ' \n' |
		sed -n 's/.*"free-runs":\[\([0-9,]*\)\].*/\1/p' | tr , ' '))
	[ ${#runs[@]} -eq 11 ] || return
	local sum=0 order
	for ((order = $1; order < 11; order++)); do
		sum=$((sum + runs[order]))
	done
	echo $sum
}

mkfifo "$work/said" "$work/asked"

# full NAME [options]: the guest fills its heap, and what it says is compared with the host's account.
full() {
	local name=$1 pid line none=0 some=0 wrong='' found
	shift
	"$SLABVISOR" run --stats --timeout 7200 --heap 64M --qmp "unix:$work/qmp" "$@" \
		"$B/guests/selftest" "scale=$scale" full >"$work/said" 2>"$err" <"$work/asked" &
	pid=$!
	exec 3<"$work/said" 4>"$work/asked"
	: >"$out"
	while read -r line <&3; do
		echo "$line" >>"$out"
		[[ $line =~ ^compare\ (none|some)\ ([0-9]+) ]] || continue
		found=$(free_runs "${BASH_REMATCH[2]}")
		case ${BASH_REMATCH[1]}-$((${found:--1} > 0)) in
		none-0) none=$((none + 1)) ;;
		some-1) some=$((some + 1)) ;;
		*) wrong="$wrong $line: ${found:-nothing}" ;;
		esac
		echo on >&4
	done
	exec 3<&- 4>&-
	wait $pid
	status=$?
	is "$status" 0 "$name: status 0" || say_output
	! grep '^not ok' -A 1 "$out" | diag 2>&1 | grep .
	ok $? "$name: every check holds"
	is "$(grep -c '^ok .*GFP_ATOMIC, order' "$out")" 22 "$name: two checks of each order"
	is "$wrong" '' "$name: query-memory agrees"
	is "$none $some" '11 11' "$name: ... about each order"
	all_given_back
	ok $? "$name: nothing is left behind" || say_output
	grep ' are NULL' "$out" | diag
}

full 'full' --guest-ring 3
[ "$scale" -gt 1 ] || full 'full, two nodes' --guest-ring 3 --cpus 2 --numa heap=32M --numa heap=32M

# pieces NAME [options]: all families of it are TAP of the guest's own.
pieces() {
	local name=$1
	shift
	timeout -s KILL 7200 "$SLABVISOR" run --stats --heap 64M "$@" "$B/guests/selftest" "scale=$scale" pieces \
		>"$out" 2>"$err" </dev/null
	status=$?
	is "$status" 0 "$name: status 0" || say_output
	! grep '^not ok' -A 1 "$out" | diag 2>&1 | grep .
	ok $? "$name: every check holds"
	[ "$(grep -c '^ok .*free in pieces' "$out")" -ge 30 ]
	ok $? "$name: 5, 20 and 50 percent, every size"
	all_given_back
	ok $? "$name: nothing is left behind" || say_output
}

pieces 'pieces' --guest-ring 3
pieces 'pieces, two nodes' --guest-ring 3 --cpus 2 --numa heap=32M --numa heap=32M

done_testing
