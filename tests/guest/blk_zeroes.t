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
	timeout 120 "$SLABVISOR" ctl "$sock" "$@" >"$work/ctl.out" 2>"$work/ctl.err"
}

# What the guest's last request is for: 0 if it was zeroed, else 255.
last() {
	tail -c $MIB "$disk" | od -An -v -t u1 -w1 | sort -un | tr -d ' \n'
}

# Starts the guest on a disk of ones, and returns when some of its requests are under way.
start() {
	head -c $((64 * MIB)) /dev/zero | tr '\0' '\377' >"$disk"
	mkfifo "$work/said"
	timeout -s KILL 300 "$SLABVISOR" run --guest-ring 3 --qmp "unix:$sock" --disk "path=$disk" \
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
is "$(last)" 255 '... and what was asked last is not done'
ctl query-status && grep -q '"status": "paused"' "$work/ctl.out"
ok $? 'another command is answered' || diag <"$work/ctl.out"
is "$(last)" 255 '... and nothing goes on meanwhile'
ctl cont
ok $? 'cont returns'
finish
is "$status $(grep -c '^not ok' "$out")" '0 0' 'all requests are carried out then' || diag <"$out"
is "$(last)" 0 '... with the last'

start
ctl stop
kill -TERM "$(monitor)"
finish
is $status 143 'SIGTERM ends a guest that is stopped in the middle of them'
is "$(last)" 255 '... without carrying on'

start
kill -TERM "$(monitor)"
finish
is $status 143 'SIGTERM ends a guest that is in the middle of them'
is "$(last)" 255 '... without carrying on'

start
ctl block_resize "{\"device\": \"disk0\", \"size\": $((32 * MIB))}"
ok $? 'block_resize returns' || diag <"$work/ctl.err"
is "$(stat -c %s "$disk")" $((32 * MIB)) '... and the disk is smaller'
finish
is "$status $(stat -c %s "$disk")" "1 $((32 * MIB))" 'what was asked past its end fails, and does not make it longer'

done_testing
