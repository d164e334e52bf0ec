#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor top`: a planted cache, its rate and the map of the heap, as text and on terminals of several
# sizes.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/lib.sh

planted=build/guests/planted
needs "$planted"
tmux() { command tmux -L "top$$" -f /dev/null "$@"; }
pids=
end_all() {
	local p
	for p in $pids; do kill -KILL "$p"; done
	tmux kill-server
} 2>/dev/null
at_end end_all

# start N OBJECTS: a guest whose socket is qN, whose input is fd N + 4.
start() {
	mkfifo "$work/in$1"
	"$SLABVISOR" run --qmp "unix:$work/q$1" --heap 64M --reclaim-delay 0 "$planted" "$2" \
		<"$work/in$1" >"$work/out$1" 2>&1 &
	pids+=" $!"
}
start 1 40000
exec 5>"$work/in1"
start 2 1000
exec 6>"$work/in2"
for i in 1 2; do
	until_true 60 grep -q '^planted' "$work/out$i"
	ok $? "a guest has planted its cache" "$(cat "$work/out$i")"
done

# field FILE COLUMN: of the row of the planted cache.
field() { awk -v n="$2" '$NF == "planted" { print $n; exit }' "$1"; }
run top -b -n 1 "$work/q1"
is_status 0 'top -b -n 1 ends by itself'
"$SLABVISOR" ctl "$work/q1" query-slabinfo >"$work/slabs"
is "$(field "$out" 1) $(field "$out" 2) $(field "$out" 5)" "$(python3 -c 'import json, sys
c, = [c for c in json.load(open(sys.argv[1])) if c["name"] == "planted"]
print(c["num-objs"], c["active-objs"], c["num-slabs"])' "$work/slabs")" 'its planted cache is that of query-slabinfo'
[ "$(field "$out" 2)" -ge 40000 ] && [ "$(field "$out" 2)" -le 42000 ]
ok $? '... which has the objects that were planted' "$(cat "$out")"
is "$(field "$out" 3)" "$(awk '$NF == "planted" { print int(100 * $2 / $1) "%"; exit }' "$out")" \
	'... not 100 % in use unless all of it is'
is "$(field "$out" 4) $(field "$out" 8) $(field "$out" 9)" '256 0 0' '... of 256 bytes, and is at rest'
is "$(grep -c '^ *OBJS ' "$out")" 1 '... below a heading'

is "$(sed -n '/^HEAP/{n; p}' "$out" | tr -d '.a-zA-Z-' | wc -c) $(sed -n '/^HEAP/{n; p}' "$out" | wc -c)" '1 33' \
	'... and the map is a letter for each 2 MiB of 64'

# On a terminal.
tmux new-session -d -x 80 -y 24 "TERM=screen $SLABVISOR top -d 200 $work/q1 2>$work/err.tmux"
shown() { tmux capture-pane -p >"$work/screen" && grep -Eq "$1" "$work/screen"; }
until_true 60 shown ' planted$'
ok $? 'a terminal of 80x24 has the cache' "$(cat "$work/screen")" "$(cat "$work/err.tmux")"
is "$(wc -l <"$work/screen") $(awk 'length > 80' "$work/screen" | wc -l)" '24 0' '... in 24 lines of 80'
grep -q '^q quit.* r /s$' "$work/screen"
ok $? '... and says what its keys do, in one line' "$(cat "$work/screen")"
letters() { sed -n '/^HEAP/{n; p}' "$work/screen"; }
letters | grep -qE '^[-.a-zA-Z]{32}$'
ok $? '... and has a letter for each 2 MiB of 64' "$(cat "$work/screen")"
is "$(letters | grep -o R | wc -l)" 1 '... of which one is a run of 2 MiB' "$(cat "$work/screen")"
at=$(letters | awk '{ print index($0, "R") }')
echo free >&5
given_back() { tmux capture-pane -p >"$work/screen" && [ "$(letters | cut -c "$at")" = . ]; }
until_true 60 given_back
ok $? 'a huge frame that is freed becomes one that is not backed' "$(cat "$work/screen")"

# While objects come and go, there is a rate.
while echo 'churn 20000' >&5 2>/dev/null; do sleep 0.1; done &
churner=$!
pids+=" $churner"
rate() { tmux capture-pane -p >"$work/screen" && [ "$(field "$work/screen" 8)" -gt 0 ] && [ "$(field "$work/screen" 9)" -gt 0 ]; } 2>/dev/null
until_true 60 rate
ok $? 'objects that come and go have a rate' "$(cat "$work/screen")"
kill $churner
wait $churner 2>/dev/null
at_rest() { tmux capture-pane -p >"$work/screen" && [ "$(field "$work/screen" 8)" = 0 ]; }
until_true 60 at_rest
ok $? '... which ends with them' "$(cat "$work/screen")"

tmux send-keys n
sorted() {
	tmux capture-pane -p >"$work/screen"
	awk '/ NAME$/ { on = 1; next } on && NF == 10 { print $NF }' "$work/screen" >"$work/names"
	[ "$(wc -l <"$work/names")" -gt 1 ] && LC_ALL=C sort -c "$work/names"
} 2>/dev/null
until_true 60 sorted
ok $? 'n orders caches by name' "$(cat "$work/screen")"
tmux resize-window -x 200 -y 50
wide() { shown '^HEAP.*LARGE full$' && [ "$(wc -l <"$work/screen")" -eq 50 ]; }
until_true 60 wide
ok $? 'the screen follows a terminal that grows to 200x50' "$(cat "$work/screen")"
tmux send-keys q
gone() { ! tmux has-session 2>/dev/null; }
until_true 60 gone
ok $? 'q ends it'

# Several guests; a terminal that cannot move its cursor.
run top -b -n 1 --sort active "$work/q1" "$work/q2"
is "$(grep -c ' planted$' "$out")" 2 'two guests are shown at once' "$(cat "$out")"
grep -B 1 -n 'guest running' "$out" | sed -n 's/^\([0-9]*\)-$/\1/p' | grep -q .
ok $? '... with a blank line between them' "$(cat "$out")"
python3 - "$SLABVISOR" "$work/q1" >"$work/dumb" 2>"$err" <<'END'
import os, pty, sys
os.environ["TERM"] = "dumb"
pty.spawn([sys.argv[1], "top", "-n", "2", "-d", "100", sys.argv[2]])
END
is "$(grep -c ' planted' "$work/dumb") $(grep -c "$(printf '\033')" "$work/dumb")" '2 0' \
	'a dumb terminal has one screen below the other, without a code' "$(head -5 "$work/dumb")"

echo end >&6
ended_2() { "$SLABVISOR" top -b -n 1 -d 100 "$work/q1" "$work/q2" >"$out" 2>"$err" && grep -q "q2: nothing answers" "$out"; }
until_true 60 ended_2
ok $? 'one that has ended is said to, beside the others' "$(cat "$out")"
error 127 'nosuch: no guest and no service has this name' top -b -n 1 nosuch
error 125 '--sort x: ' top --sort x

done_testing
