#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Two disks of one service, one of which is asked for as much as a guest can: gigabytes of zeroes on
# a file system that has them written. Neither its end, nor the wait for its requests, holds up
# the other's front end or who ends the service.
set -u

. tests/serve/lib.sh

# In memory: tmpfs has no zero ranges.
a=$(mktemp /dev/shm/slabvisor-worst.XXXXXX)
at_end "rm -f '$a'"
truncate -s 64M "$a" "$disk"
cat >"$work/two.yaml" <<END
disks:
  - blk-file: $a
    socket-path: $socket.a
  - blk-file: $disk
    socket-path: $socket
END

start() {
	"$SLABVISOR" serve --config "$work/two.yaml" 2>>"$err" &
	pid=$!
	listening
}

worst() {
	timeout 600 python3 tests/serve/worst.py "$@" >"$out" 2>>"$err"
	status=$?
}

start
worst neighbour "$socket.a" "$socket"
is "$status $(cat "$out")" '0 B' "one disk is served while all of another's answers are waited for" ||
	say_output
worst hang-up "$socket.a" "$socket"
is "$status $(cat "$out")" '0 cut' 'a front end that hangs up leaves nothing behind that is carried on' ||
	say_output
: >"$err"
# A front end that is slow to hang up may find all of it done. Then it asks once more.
for ((try = 1; try <= 20; try++)); do
	worst again "$socket.a"
	is "$status $(cat "$out")" '0 [0, 0, 0, 0]' 'one that comes back has all of it carried out' || say_output
	grep -q 'that were in flight are taken again' "$err" && break
done
[ $try -le 20 ]
ok $? '... taken again, those that were not'

for how in leave stop; do
	mkfifo "$work/said"
	timeout 600 python3 tests/serve/worst.py $how "$socket.a" >"$work/said" 2>>"$err" &
	front=$!
	exec 3<"$work/said"
	read -r line <&3
	is "$line" 'under way' "$how: much is under way"
	stop_service
	is $status 0 "$how: SIGTERM ends the service with 0"
	read -r line <&3
	exec 3<&-
	wait $front
	is "$? $line" '0 cut' "$how: ... without carrying on" || say_output
	rm "$work/said"
	start
done
worst hang-up "$socket.a" "$socket"
is "$status $(cat "$out")" '0 cut' 'the next service serves both' || say_output
stop_service
is $status 0 'and ends with 0'

done_testing
