# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the scripts share that run programs in the nested machine: one TAP stream of them all.
# What a program prints stands indented before its own line. The checks are those of tests/tap.sh.
# Sourced.

. tests/tap.sh
out=$work/out # of the last program

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	tail -n 40 "$out"
}

# show CMD...: runs it for at most 400 s, shows what it prints and keeps it in $out.
show() {
	timeout -k 5 400 "$@" 2>&1 </dev/null | tee "$out" | sed -u 's/^/    /'
	return "${PIPESTATUS[0]}"
}

# built NAME FILE: or the test of that name has failed.
built() {
	[ ! -x "$2" ] || return 0
	echo "$2 is not built" >"$out"
	ok 1 "$1"
	return 1
}

# tap NAME FILE CMD...: CMD must end with 0 and print a TAP stream, or one after the other, that holds
# what it plans and no failure. FILE is what CMD needs built.
tap() {
	local name=$1 file=$2 status good
	shift 2
	built "$name" "$file" || return
	show "$@"
	status=$?
	awk '/^1\.\.[0-9]+/ { plan += substr($1, 4); planned = 1 }
		/^ok / { n++ }
		/^not ok / { n++; if (!/# *TODO/) bad = 1 }
		/^Bail out!/ { bad = 1 }
		END { exit bad || !planned || !n || n != plan }' "$out"
	good=$?
	[ $status = 0 ] || echo "# exit status $status"
	ok $((good | status)) "$name"
}

# prints NAME FILE PATTERN CMD...: CMD must end with 0 and print a line like PATTERN.
prints() {
	local name=$1 file=$2 pattern=$3 status good
	shift 3
	built "$name" "$file" || return
	show "$@"
	status=$?
	grep -qE -- "$pattern" "$out"
	good=$?
	[ $status = 0 ] || echo "# exit status $status"
	ok $((good | status)) "$name"
}
