# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the suites of hostile front ends and drivers share. Sourced from the top of the source
# tree. ATTACK_SEED: where their numbers come from; a failure is told with it.

. tests/serve/lib.sh

# The seed says what is attacked with, not whether it holds: any will do.
seed=${ATTACK_SEED:-1}
# Sparse: attacks write at its beginning, the witness's part is in its middle.
truncate -s 1T "$disk"

# What a sanitizer keeps of freed memory is not the service's.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1

descriptors() {
	find "/proc/$pid/fd" -mindepth 1 | wc -l
}

# MiB that are resident
resident() {
	awk '$1 == "VmRSS:" { print int($2 / 1024) }' "/proc/$pid/status"
}

descriptors_are() {
	[ "$(descriptors)" = "$1" ]
}

resident_is_at_most() {
	[ "$(resident)" -le "$1" ]
}

# under_attack PROGRAM FEW COUNT WHAT [OPTION...]: COUNT attacks on a service with these options,
# after FEW whose descriptors and memory are what it may have at the end.
under_attack() {
	local program=$1 few=$2 count=$3 what=$4 fds='' mib=''
	shift 4
	: >"$err"
	start_service --queues 2 "$@"
	"$B/tests/attack/$program" "$socket" "$disk" "$few" "$seed" >"$out" 2>>"$err" &&
		fds=$(descriptors) && mib=$(resident) &&
		"$B/tests/attack/$program" "$socket" "$disk" "$count" $((seed + 1)) >"$out" 2>>"$err"
	status=$?
	is $status 0 "$what: an honest guest's data stays" || {
		echo "# seed $seed"
		say_output
		kill -KILL "$pid" 2>/dev/null
		wait "$pid"
		pid=
		rm -f "$socket"
		return
	}
	sed 's/^/# /' "$out"
	until_true 60 descriptors_are "$fds"
	is "$(descriptors)" "$fds" "$what: no descriptor stays open"
	until_true 60 resident_is_at_most $((mib + 16))
	ok $? "$what: $(resident) MiB are resident, after $mib MiB"
	stop_service
	is $status 0 "$what: the service lives, and ends as it is told to"
}
