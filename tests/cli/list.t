#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Guests and services by name: the run directory, `slabvisor list`, and what is left behind.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/lib.sh

# Names of our own: the directory is the whole user's.
me=t$$
prog=$(realpath "$SLABVISOR")
if [ "$(id -u)" -eq 0 ]; then
	dir=/run/slabvisor
else
	export XDG_RUNTIME_DIR="$work"
	dir=$work/slabvisor
fi
pids=
# shellcheck disable=SC2016 # expanded at the end
at_end 'kill -KILL $pids 2>/dev/null'

# How many sockets of ours there are.
left() {
	find "$dir" -name "$me*" | wc -l
}

listed() {
	"$SLABVISOR" list | grep -Eq "^$1 +$2 "
}

"$SLABVISOR" run --name "$me-loop" "$GUEST/loop" >"$work/loop" 2>&1 &
loop=$!
pids=$loop
until_true 60 listed "$me-loop" 'guest +[0-9]+ running'
ok $? 'a guest with a name is listed' "$("$SLABVISOR" list)" "$(cat "$work/loop")"
is "$(stat -c '%a %u' "$dir")" "700 $(id -u)" 'the run directory is its owner'\''s alone'
is "$(stat -c %a "$dir/$me-loop.sock")" 600 '... as is a socket there'
is "$("$SLABVISOR" list | awk -v me="$me-loop" '$1 == me { print $3, $6 }')" "$loop $GUEST/loop" \
	'it is listed with its process and what it runs'
run list --json
is "$(python3 -c 'import json, sys
print([(g["kind"], g["status"], g["vcpus"]) for g in json.load(open(sys.argv[1]))
       if g["name"] == sys.argv[2]])' "$out" "$me-loop")" "[('guest', 'running', 1)]" \
	'--json says the same'
run ctl "$me-loop" query-name
is "$(tr -d ' \n' <"$out")" "{\"name\":\"$me-loop\"}" 'ctl finds it by its name'
error 127 "--name $me-loop: a guest or a service of this name runs: see slabvisor list" \
	run --name "$me-loop" "$GUEST/hello"

# A service, at both kinds of socket.
truncate -s 1M "$work/disk"
"$SLABVISOR" serve --blk-file "$work/disk" --socket-path "$work/blk" --name "$me.disk" \
	--qmp "unix:$work/qmp" >"$work/serve" 2>&1 &
serve=$!
pids="$pids $serve"
until_true 60 listed "$me.disk" 'service +[0-9]+ running'
ok $? 'a service with a name is listed' "$("$SLABVISOR" list)" "$(cat "$work/serve")"
for at in "$me.disk" "$work/qmp" "unix:$work/qmp"; do
	run ctl "$at" query-block
	is "$(grep -c "\"filename\": \"$work/disk\"" "$out")" 1 "ctl $at: it shows its disk"
done
run ctl "$me.disk" query-memory
is_status 1 'a service has no memory of a guest to show'
err_is_line 'query-memory: This service has disks alone, and no memory' '... and says that it has disks alone'
run ctl "$me.disk" quit
is_status 0 'a service can be ended'
wait $serve
is $? 0 '... in order'

# What it left is stale; what was killed, too.
[ -S "$dir/$me.disk.sock" ]
ok $? 'a socket stays when its process ends'
kill -KILL $loop
wait $loop 2>/dev/null
run list
is "$(grep -c "^$me" "$out")" 0 'what has ended is not listed' "$(cat "$out")"
is "$(left)" 0 '... and its socket is removed'
"$SLABVISOR" run --name "$me-again" "$GUEST/loop" >"$work/loop" 2>&1 &
loop=$!
pids=$loop
until_true 60 listed "$me-again" 'guest +[0-9]+ running'
kill -KILL $loop
wait $loop 2>/dev/null
"$SLABVISOR" run --name "$me-again" "$GUEST/loop" >"$work/loop" 2>&1 &
loop=$!
pids=$loop
until_true 60 listed "$me-again" 'guest +[0-9]+ running'
ok $? 'a name that was left behind is taken again' "$(cat "$work/loop")"
kill -STOP $loop
stopped() {
	grep -q '^State:.T' "/proc/$loop/status"
}
until_true 60 stopped
run list
is "$(awk -v me="$me-again" '$1 == me { print $4 }' "$out")" silent 'one that does not answer is listed as silent'
kill -CONT $loop

# A file of that name in this folder is no name's.
python3 -c 'import os, socket, sys
os.chdir(sys.argv[1])
socket.socket(socket.AF_UNIX).bind(sys.argv[2])' "$work" "$me-again"
status=0
(cd "$work" && exec "$prog" ctl "$me-again" query-status) >"$out" 2>"$err" || status=$?
is_status 0 'a name goes before a path without a slash' || diag <"$work/loop"
run ctl "$me-again" quit
wait $loop
is $? 143 'a guest is ended by its name'

for name in .x -x x/y 'x y' '' "$(printf %033d 0)"; do
	error 125 'name.*give a name of letters, digits' run "--name=$name" "$GUEST/hello"
done
(
	exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_RUNTIME_DIR \
		"$SLABVISOR" serve --blk-file "$work/disk" --read-only --socket-path "$work/no" --name x
) >"$out" 2>"$err"
status=$?
if [ "$(id -u)" -eq 0 ]; then
	is_status 125 'a user without a run directory has no names'
	err_is_line 'set XDG_RUNTIME_DIR to one, or say --qmp unix:PATH' '... and is told what would do'
	mkdir -m 777 "$work/xdg" && mkdir -m 777 "$work/xdg/slabvisor" && chmod 777 "$work/xdg/slabvisor"
	chmod 755 "$work" && chown -R 65534 "$work/xdg"
	setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_RUNTIME_DIR="$work/xdg" \
		"$SLABVISOR" serve --blk-file "$work/disk" --read-only --socket-path "$work/xdg/no" \
		--name x >"$out" 2>"$err"
	status=$?
	is_status 127 'a run directory that others can write to is not used'
	err_is_line 'nobody else may write to' '... and why'

	# Root's directory, from within a jail.
	"$SLABVISOR" run --jail nobody --name "$me-jailed" "$GUEST/loop" >"$work/loop" 2>&1 &
	loop=$!
	pids=$loop
	until_true 60 listed "$me-jailed" 'guest +[0-9]+ running'
	ok $? 'a guest in a jail is listed by root' "$(cat "$work/loop")"
	run ctl "$me-jailed" quit
	wait $loop
	is $? 143 '... and ended'
	run list
	is "$(left)" 0 '... and what it left is removed'
fi

done_testing
