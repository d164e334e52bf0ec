# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# TAP of the nested scripts, and a folder for the time of the test. Sourced; explain() is the
# script's: what is to be seen where a check fails.

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0 failures=0

check() { # NAME CONDITION...
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		failures=$((failures + 1))
		{
			echo "# $name:"
			explain
		} >&2 # where prove shows it
	fi
}

done_checking() {
	echo "1..$count"
	[ $failures = 0 ]
}
