#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: Linux guests that load the module slabvisor (module-init.sh). TAP.
#   module.sh FOLDER KERNEL:CPUS:OPTIONS...     FOLDER: where the guest has what was built
# ATTACK is how many random calls a program with rights makes (2000), BENCH=N makes benchmarks of it.
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
built=$1
shift
trap '' PIPE # a guest that has ended hears nothing more

# passes NAME PREFIX: what the guest said in TAP behind a prefix is this test's as well, and all of it
# is there.
passes() {
	local plan line
	tr -d '\r' <"$out" | sed -n "s/^guest: $2 //p" >"$work/tap"
	while read -r line; do
		check "$1: ${line#*ok * }" eval "[ '${line%% *}' = ok ]"
	done < <(grep -E '^(not )?ok ' "$work/tap" | sed "s/ - / /; s/'//g")
	plan=$(sed -n 's/^1\.\.//p' "$work/tap")
	check "$1: all of its $plan tests were run" \
		test -n "$plan" -a "$plan" = "$(grep -cE '^(not )?ok ' "$work/tap")"
	grep '^# ' "$work/tap"
}

# active: objects that the guest has, by the host's account.
active() {
	$slabvisor ctl "$work/qmp" query-memory | sed -n 's/.*"objects-active": *\([0-9]*\).*/\1/p'
}

# Asks for what the guest keeps, and waits for a minute at most until it has given all.
gives_back() {
	$slabvisor ctl "$work/qmp" heap-reclaim >/dev/null || return 1
	for _ in $(seq 120); do
		[ "$(active)" != 0 ] || return 0
		sleep 0.5
	done
	return 1
}

guest() { # KERNEL CPUS OPTION...
	local name="$1, vCPUs: $2${3:+, $3}"
	local kept
	local heap=${3:---heap 256M}
	truncate -s 64M "$work/disk"
	# Four vCPUs take turns on one CPU, which is emulated.
	# shellcheck disable=SC2086 # an option and its value
	limit=800 start "$1/vmlinuz" "guest-module-$1.cpio" "svtest=$built/tests/module/svtest attack=$built/tests/module/attack \
attacks=${ATTACK:-2000} preload=$built/libslabvisor-malloc.so ${BENCH:+init_on_alloc=0 bench=$BENCH}" \
		--cpus "$2" $heap --stats --disk "path=$work/disk,direct=on" \
		--qmp "unix:$work/qmp"
	hear 'guest: is idle'
	kept=$(active)
	check "$name: its magazines and depots keep objects" test "${kept:-0}" -gt 0
	check "$name: heap-reclaim has all of them back" gives_back
	echo go >&3 2>/dev/null
	ended
	check "$name: ends by itself with 0" test $status = 0
	check "$name: loads the module" said '^guest: loaded slabvisor'
	[ -n "${BENCH:-}" ] || passes "$name, in the kernel" ktap
	passes "$name, a program" program
	passes "$name, random calls" attack
	for program in perl bash sqlite3; do
		check "$name: $program does with the host's memory what it does without" \
			said "^guest: $program does the same"
	done
	[[ $heap != *user=* ]] ||
		check "$name: a program that is preloaded has its memory of the host" said '^guest: perl has pages [0-9]{4}'
	check "$name: unloads the module" said '^guest: unloaded slabvisor'
	check "$name: nothing is out at the end" said '^frames_in_use_after 0$'
	check "$name: no direct I/O was copied" said '^blk_bytes_copied 0$'
	quiet "$name"
	tr -d '\r' <"$out" | sed -n 's/^guest: \(bench\|perl\|bash\|sqlite3\|stats\|slabinfo\|queues\|loading\) /# \1 /p'
}

for spec; do
	IFS=: read -r kernel cpus options <<<"$spec"
	guest "$kernel" "$cpus" "$options"
done
finish
