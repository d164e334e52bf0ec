#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# As a user without rights, where --pin-budget has memory registered: with less than that of
# RLIMIT_MEMLOCK it degrades, and says once how much would do; with so much it registers all.
set -u

. tests/serve/lib.sh

# Another user for each service below. Where they begin is a guess at those that nobody else has.
user=65534 next_user=$((61000 + RANDOM % 4000))
if [ "$(id -u)" -ne 0 ]; then
	run() { ulimit -l "$1" && exec "${@:2}"; }
else
	chmod 755 "$work"
	chmod 777 "$disks" "$work"
	run() { exec prlimit --memlock="$(($1 * 1024))" -- setpriv --reuid "$user" --regid 65534 --clear-groups "${@:2}"; }
fi
truncate -s 256M "$disk"
chmod 666 "$disk"

serve_with() { # KIB
	: >"$err"
	rm -f "$socket"
	# Where an unprivileged user may run it.
	install -m755 "$SLABVISOR" "$work/slabvisor"
	# By descriptor: no such user need be let into the folder of the build.
	run "$1" "$work/slabvisor" serve --blk-file /dev/fd/9 --socket-path "$socket" --pin-budget 64G \
		2>>"$err" 9<>"$disk" &
	pid=$!
	listening
	warned_of_registration
}

# That asks for memory that stays is said at start; what follows is of limits.
warned_of_registration() {
	grep -q -- '--pin-budget' "$err" || say_output
	: >"$err"
}

# What it names is enough, wherever it begins. Memory may lie across two windows, of which one without
# buffers is not registered: so the buffers alone are as much as the limit, and with the ring more.
# The kernel counts what all processes of a user have locked, and takes it back some time after they
# are gone: each is another user's.
names_enough() { # KIB WHAT LOAD...
	local limit=$1 what=$2 asked
	shift 2
	user=$next_user next_user=$((next_user + 2))
	serve_with "$limit"
	load "$@"
	asked=$(grep -oE '[0-9]+ KiB are required' "$err" | cut -d ' ' -f 1)
	[ "$status $(figure wrong)" = '0 0' ] && [ "${asked:-0}" -gt "$limit" ]
	ok $? "with $limit KiB for $what it says that more is required" || say_output
	stop_service
	user=$((user + 1))
	serve_with "${asked:-$limit}"
	load "$@"
	is "$status $(figure wrong) $(faults | wc -l)" '0 0 0' "and with those ${asked:-} KiB all is well" || say_output
	stop_service
}
for limit in 64 72; do
	names_enough $limit '72 KiB' --rw randrw --verify --depth 18 --block-size 4K --ios 200
done
for limit in 72 256 1024; do
	names_enough $limit '1 MiB' --rw randrw --verify --depth 16 --block-size 64K --ios 500
done
user=65534

serve_with 8192
# 64 MiB of buffers, which is more than may be registered.
load --rw randrw --verify --depth 128 --block-size 512K --ios 1500
is "$status $(figure wrong) $(figure errors)" '0 0 0' 'with 8 MiB it works' || say_output
is "$(grep -c 'RLIMIT_MEMLOCK' "$err")" 1 'and says once what is missing' || say_output
is "$(faults | wc -l)" 1 'and nothing else' || say_output
stop_service
is $status 0 'and ends with 0'

# Enough: 1 GiB for 64 MiB of buffers; where nobody may have that, 8 MiB for 1 MiB.
enough=1048576 depth=128 buffers=65536
if ! prlimit --memlock=$((enough * 1024)) true 2>/dev/null; then
	enough=8192 depth=2 buffers=1024
fi
serve_with $enough
load --rw randrw --verify --depth $depth --block-size 512K --ios 1500
is "$status $(figure wrong) $(figure errors)" '0 0 0' "with $enough KiB for $buffers it works" || say_output
is "$(faults | wc -l)" 0 'and there is nothing to say' || say_output
# While the front end's memory is there, what io_uring has pinned of it is accounted.
"$LOAD" --socket "$socket" --rw randread --depth $depth --block-size 512K --seconds 600 \
	>"$out" 2>>"$err" &
loader=$!
pinned() {
	[ "$(awk '$1 == "VmPin:" { print $2 }' "/proc/$pid/status")" -ge $buffers ]
}
until_true 120 pinned
ok $? 'all of it is registered'
kill $loader
wait $loader
stop_service
is $status 0 'and ends with 0'

# CAP_IPC_LOCK counts when the ring is made: the sandbox drops it, and memory is registered all
# the same.
held=$((0x$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)))
if ((held >> 14 & 1)); then
	: >"$err"
	rm -f "$socket"
	prlimit --memlock=$((8 << 20)) -- "$SLABVISOR" serve --blk-file "$disk" \
		--socket-path "$socket" --pin-budget 64G 2>>"$err" &
	pid=$!
	listening
	warned_of_registration
	load --rw randrw --verify --depth 128 --block-size 512K --ios 1500
	is "$status $(faults | wc -l)" '0 0' 'with CAP_IPC_LOCK there is no limit' || say_output
	is "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$pid/status")" 0000000000000000 \
		'which is gone by then'
	stop_service
else
	skip 'with CAP_IPC_LOCK there is no limit' 'nobody here has it'
fi

done_testing
