#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The guest that stays: it counts, and a control socket stops it, lets it go on and ends it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

guest "$B/guests/ticker" 2
is "$status $(xargs <"$out")" '0 tick 1 tick 2' 'ticker N counts to N, and ends' || say_output
all_given_back
ok $? 'leaving nothing behind' || say_output
for wrong in none 0 '1 2'; do
	# shellcheck disable=SC2086 # words
	guest "$B/guests/ticker" $wrong
	is "$status $(grep -c '^usage: ticker' "$out")" '2 1' "ticker $wrong: says what would be right" || say_output
done

socket=$work/qmp
"$SLABVISOR" run --qmp "unix:$socket" "$B/guests/ticker" >"$out" 2>"$err" </dev/null &
pid=$!
at_end "kill -KILL $pid 2>/dev/null"
# hear TEXT: waits until it has said it, or ended.
hear() {
	tail -n +1 -f -s 0.05 --pid=$pid "$out" 2>/dev/null | grep -q -m 1 "^$1\$"
}
hear 'tick 1'
ok $? 'without N it stays' || say_output
ctl() { "$SLABVISOR" ctl "$@" 2>>"$err" | tr -d ' \n"'; }
ctl "$socket" stop >"$work/said"
is "$(ctl "unix:$socket" query-status)" '{running:false,singlestep:false,status:paused}' \
	'ctl stops it, and takes the socket as run does and as a path' || say_output
ctl "$socket" cont >>"$work/said"
at=$(tail -1 "$out")
hear "tick $((${at#tick } + 1))"
ok $? 'it counts on when it may' || say_output
ctl "$socket" quit >>"$work/said"
wait $pid
is $? 143 'and quit ends it' || say_output

done_testing
