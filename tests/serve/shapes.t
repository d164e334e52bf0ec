#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Requests that have not the shape of one, made by a guest for the service as it is shipped:
# sandboxed. Each is answered with an error, the service lives, and so does the next request. A
# request that ended the service would do so again for each that is started, if it is in flight.
set -u

. tests/serve/lib.sh

truncate -s 64M "$disk"

shape() { # ANSWER CASE [again]
	timeout 600 python3 tests/serve/shapes.py "$socket" "${@:2}" >"$out" 2>>"$err"
	status=$?
	is "$status $(cat "$out")" "0 $1" "$2${3:+, in flight from before}: answered, and the next one is" ||
		say_output
	kill -0 "$pid" 2>/dev/null || start_service --queues 1
}

shapes() { # [again]
	shape 'status 1, 1 bytes' 'status only' "$@"
	shape 'status 1, 1 bytes' 'no readable byte' "$@"
	shape 'status 255, 0 bytes' 'header only' "$@"
	shape 'status 255, 0 bytes' 'one readable byte' "$@"
	shape 'status 1, 1 bytes' 'half a header' "$@"
	shape 'status 255, 0 bytes' 'half a header alone' "$@"
	shape 'status 1, 1 bytes' '260 MiB to read' "$@"
	shape 'status 1, 1 bytes' '260 MiB to write' "$@"
	shape 'status 255, 0 bytes' '260 MiB to write, no status' "$@"
	shape 'status 1, 1 bytes' '260 MiB writable, no header' "$@"
}

# The same for a service that is started after one was killed.
restarted() { # ANSWER CASE
	coproc front { timeout 600 python3 tests/serve/shapes.py "$socket" "$2" again killed 2>>"$err"; }
	# shellcheck disable=SC2154 # set by coproc
	local child=$front_PID from=${front[0]} to=${front[1]}
	read -r line <&"$from"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	rm -f "$socket"
	start_service --queues 1
	echo >&"$to"
	read -r line <&"$from"
	wait "$child"
	is "$? $line" "0 $1" "$2, in flight when the service was killed: answered, and the next one is" ||
		say_output
}

start_service --queues 1
restarted 'status 1, 1 bytes' 'status only'
restarted 'status 1, 1 bytes' '260 MiB to read'
first=$pid
shapes
shapes again
is "$(grep -c 'are taken again' "$err")" 12 'those in flight were taken again'
timeout 600 python3 tests/serve/lost.py "$socket" >"$out" 2>>"$err"
is "$? $(cat "$out")" '0 the session ends' 'a status byte in memory that is taken away ends the session' ||
	say_output
shape 'status 1, 1 bytes' 'status only'
is $pid "$first" 'it was one service all the time'
stop_service
is $status 0 'which ends with 0'

done_testing
