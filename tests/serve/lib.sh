# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of `slabvisor serve` share: a disk, a service, the load generator.
# Sourced from the top of the source tree.

. tests/lib.sh
. tests/wait.sh

LOAD=$B/tools/slabvisor-vhost-load
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

up_or_gone() {
	listens "$socket" || ended "$pid"
}

# Waits until a service listens; there is no test without it. A path tells nothing: a service leaves it.
listening() {
	until_true 60 up_or_gone
	listens "$socket" && return
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

# What the service said, but that machines came and went.
faults() {
	grep -vE ': (a machine of [0-9]+ MiB uses it|the machine has gone)$' "$err"
}

# What the service at $work/qmp counts of its thread of disks, by a name of query-io's.
io_count() {
	"$SLABVISOR" ctl "$work/qmp" query-io 2>>"$err" | sed -n "s/.*\"$1\": \([0-9]*\),*\$/\1/p"
}

# One request after the other, until end_load.
begin_load() {
	"$LOAD" --socket "$socket" --rw randread --seconds 600 >"$out" 2>>"$err" &
	loading=$!
}
end_load() {
	kill "$loading" 2>/dev/null
	wait "$loading" 2>/dev/null
}

load() {
	timeout 600 "$LOAD" --socket "$socket" "$@" >"$out" 2>>"$err"
	status=$?
}

# The value of a line that the load generator printed.
figure() {
	awk -v name="$1" '$1 == name { print $2; exit }' "$out"
}
