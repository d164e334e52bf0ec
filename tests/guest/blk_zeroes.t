#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest asks for gigabytes of zeroes with a few bytes, on a file system that has them written.
# Who stops the guest, resizes the disk, or ends the guest does not wait for that.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

MIB=1048576
# In memory: tmpfs has no zero ranges, nor direct I/O, of which the monitor says a line.
disk=$(mktemp /dev/shm/slabvisor-zeroes.XXXXXX)
sock=$work/qmp
pid=

# shellcheck disable=SC2317 # called at the end
end() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	rm -f "$disk"
}
at_end end

ctl() {
	timeout 600 "$SLABVISOR" ctl "$sock" "$@" >"$work/ctl.out" 2>"$work/ctl.err"
}

# ones: all of the disk is ones then, wherever the guest's requests have come to.
ones() {
	head -c $((64 * MIB)) /dev/zero | tr '\0' '\377' | dd of="$disk" conv=notrunc bs=1M iflag=fullblock status=none
}

# What the disk holds: zeroes, ones, or some of each.
holds() {
	head -c $((64 * MIB)) "$disk" | LC_ALL=C tr -s '\0\377' 01 | head -c 2
}

# Starts the guest, and returns when its requests are under way. It makes each again, so that there
# is more of them than anybody waits for, until the disk's size is another.
start() {
	rm -f "$disk"
	truncate -s $((64 * MIB)) "$disk"
	mkfifo "$work/said"
	timeout -s KILL 600 "$SLABVISOR" run --guest-ring 3 --qmp "unix:$sock" --disk "path=$disk" \
		"$B/guests/blkcheck" zeroes >"$work/said" 2>"$err" </dev/null &
	pid=$!
	exec 3<"$work/said"
	line=
	: >"$out"
	until [ "$line" = zeroing ]; do
		read -r line <&3 || break
		echo "$line" >>"$out"
	done
	is "$line" zeroing 'zeroes are under way'
}

monitor() { # its process: the one that timeout has begun
	local child
	read -r child _ <"/proc/$pid/task/$pid/children"
	echo "$child"
}

# still PROCESS: each of its threads is stopped.
still() {
	! cat "/proc/$1/task/"*/stat | sed 's/.*) //' | grep -qv ^T
}

finish() {
	cat <&3 >>"$out"
	exec 3<&-
	wait "$pid"
	status=$?
	pid=
	rm "$work/said"
}

start
ctl stop
ok $? 'stop returns' || diag <"$work/ctl.err"
ones
ctl query-status && grep -q '"status": "paused"' "$work/ctl.out"
ok $? 'another command is answered' || diag <"$work/ctl.out"
is "$(holds)" 1 '... and nothing goes on meanwhile'
# Of what is done from here on the guest makes nothing again: what it asked for before is left.
ctl block_resize "{\"device\": \"disk0\", \"size\": $((65 * MIB))}"
ok $? 'so is block_resize' || diag <"$work/ctl.err"
is "$(holds)" 1 '... and nothing goes on for it'
ctl cont
ok $? 'cont returns'
finish
is "$status $(grep -c '^not ok' "$out")" '0 0' 'all requests are carried out then' || diag <"$out"
is "$(holds)" 0 '... of which some were left when it was stopped'

start
ctl stop
ones
kill -TERM "$(monitor)"
finish
is $status 143 'SIGTERM ends a guest that is stopped in the middle of them'
is "$(holds)" 1 '... without carrying on'

# What is asked for zeroes the disk many times. A monitor that is ended at a slow moment of its host
# may come through one of them first: another one does not.
for try in 1 2 3 4 5; do
	start
	child=$(monitor)
	kill -STOP "$child"
	until still "$child"; do :; done
	ones
	kill -TERM "$child"
	kill -CONT "$child"
	finish
	is $status 143 'SIGTERM ends a guest that is in the middle of them'
	[ "$(holds)" = 0 ] || break
done
[ "$(holds)" != 0 ]
ok $? '... without carrying on' "tries: $try"

start
ctl block_resize "{\"device\": \"disk0\", \"size\": $((32 * MIB))}"
ok $? 'block_resize returns' || diag <"$work/ctl.err"
is "$(stat -c %s "$disk")" $((32 * MIB)) '... and the disk is smaller'
finish
is "$status $(stat -c %s "$disk")" "1 $((32 * MIB))" 'what was asked past its end fails, and does not make it longer'

done_testing
