# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the test scripts share: TAP, and running a guest with its output and the
# service's account kept. Sourced from the top of the source tree.

B=${B:-build}
SLABVISOR=${SLABVISOR:-$B/slabvisor}
checks=0
failures=0

work=$(mktemp -d "${TMPDIR:-/tmp}/slabvisor.XXXXXX")
trap 'rm -rf "$work"' EXIT
out=$work/out # of the last guest
err=$work/err
status=

diag() {
	sed 's/^/# /' >&2
}

# ok STATUS DESCRIPTION: a TAP line; STATUS 0 passes.
ok() {
	checks=$((checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $checks - $2"
	else
		failures=$((failures + 1))
		echo "not ok $checks - $2"
	fi
	return "$1"
}

# is GOT WANTED DESCRIPTION
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf 'got:    %s\nwanted: %s\n' "$1" "$2" | diag
		return 1
	fi
}

skip() {
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2"
}

done_testing() {
	echo "1..$checks"
	[ "$failures" -eq 0 ]
}

# guest [options] PROGRAM [ARGS]: runs it to its end with --stats; sets status. A
# monitor that hangs is killed, and the status is 137.
guest() {
	timeout -s KILL 120 "$SLABVISOR" run --stats "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

# The value of a line of the account that --stats prints.
account() {
	awk -v name="$1" '$1 == name { print $2; exit }' "$err"
}

# The last guest left no frame behind.
frames_balanced() {
	local start after
	start=$(account frames_in_use_start)
	after=$(account frames_in_use_after)
	[ -n "$start" ] && [ "$start" = "$after" ]
}

# ... nor had one at its end, nor an object: it gave back all by itself.
all_given_back() {
	frames_balanced && [ "$(account frames_in_use_end)" = "$(account frames_in_use_start)" ] &&
		[ "$(account objects_active)" = 0 ] && [ "$(account pages_pinned)" = 0 ]
}

# For a check that failed: what the guest said.
say_output() {
	{
		echo "status $status"
		tail -n 20 "$out"
		tail -n 40 "$err"
	} | diag
}
