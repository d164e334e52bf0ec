# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of `slabvisor serve` share: a disk, a service, the load generator.
# Sourced from the top of the source tree.

. tests/lib.sh

LOAD=$B/tools/vhost_load
# Not in memory: tmpfs has no direct I/O.
disks=$(mktemp -d "$B/serve.XXXXXX")
socket=$work/s.sock
disk=$disks/disk.img
pid=

# shellcheck disable=SC2317 # called at the end
end_service() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	rm -rf "$disks"
}
at_end end_service

# until_true SECONDS COMMAND: tries until it succeeds.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		read -rt 0.02 <> <(:) || :
	done
}

# The kernel's list has its flags in the fourth column; the path is the eighth.
listens() {
	awk -v path="$1" '$4 == "00010000" && $8 == path { found = 1 } END { exit !found }' /proc/net/unix
}

# Waits until a service listens; there is no test without it. A path tells nothing: a service leaves it.
listening() {
	until_true 10 listens "$socket" && return
	say_output
	echo 'Bail out! the service does not listen'
	exit 1
}

# start_service [OPTION...]: returns when it listens.
start_service() {
	"$SLABVISOR" serve --blk-file "$disk" --socket-path "$socket" "$@" 2>>"$err" &
	pid=$!
	listening
}

# stop_service: SIGTERM; sets status.
stop_service() {
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	pid=
}

load() {
	timeout 120 "$LOAD" --socket "$socket" "$@" >"$out" 2>>"$err"
	status=$?
}

# The value of a line that the load generator printed.
figure() {
	awk -v name="$1" '$1 == name { print $2; exit }' "$out"
}
