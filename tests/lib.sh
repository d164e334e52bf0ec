# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the scripts share that run guests: a guest's run, with its output and the service's account
# kept; the checks are those of tests/tap.sh. Sourced from the top of the source tree.

. tests/tap.sh

B=${B:-build}
SLABVISOR=${SLABVISOR:-$B/slabvisor}
out=$work/out # of the last guest
err=$work/err
status=

# guest [options] PROGRAM [ARGS]: runs it to its end with --stats; sets status. A
# monitor that hangs is killed, and the status is 137.
guest() {
	timeout -s KILL 600 "$SLABVISOR" run --stats "$@" >"$out" 2>"$err" </dev/null
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
