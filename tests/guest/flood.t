#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest whose use of the heap is reported, as fast as it can be wrong: few lines are printed, and
# how many were left out.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

pid=
# shellcheck disable=SC2016 # expanded at the end
at_end '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null'
WRONG=20000 # frees, of which each has a report

"$SLABVISOR" run --timeout 600 --heap 16M --slab-debug=F --qmp "unix:$work/qmp" \
	"$B/guests/hostile" feed >"$out" 2>"$err" </dev/null &
pid=$!
errors=0
while kill -0 "$pid" 2>/dev/null && [ "$errors" -lt $WRONG ]; do
	read -rt 0.02 <> <(:) || :
	errors=$("$SLABVISOR" ctl "$work/qmp" query-memory 2>/dev/null |
		sed -n 's/.*"errors": *\([0-9]*\).*/\1/p')
	errors=${errors:-0}
done
[ "$errors" -ge $WRONG ]
ok $? "$WRONG frees are refused" || say_output
kill -TERM "$pid"
wait "$pid"
is $? 143 'SIGTERM ends it'
pid=
reports=$(grep -c 'guest memory: free of 0xffffffffffffffff (?): not in the heap' "$err")
[ "$reports" -ge 16 ] && [ "$reports" -le 1000 ]
ok $? "few are reported ($reports)" || say_output
left_out=$(sed -n 's/^slabvisor: guest memory: \([0-9]*\) more messages were left out.*/\1/p' "$err" |
	awk '{ n += $1 } END { print n + 0 }')
[ $((reports + left_out)) -ge $WRONG ]
ok $? "how many were left out is told ($left_out)" || say_output

done_testing
