# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# The one dialect of the scripts that print TAP. A script sources it from the top of the source tree,
# or a lib.sh that does, states its checks, and calls `done_testing` last. It is for any POSIX shell.
#
#   ok STATUS NAME [LINE...]   passes if STATUS is 0; a failure shows the lines
#   is GOT WANTED NAME         passes if both are the same text
#   check NAME COMMAND...      passes if the command ends with 0
#   skip NAME REASON           counts a check that cannot be made here
#   done_testing               prints the plan; fails if a check did
#
# Each but the last two ends with the check's own status, so that `|| say_output` may follow. NAME is a
# statement, which the check shows to be true.
#
#   explain                    shows more of any failure; a script that has more to show defines it
#   diag                       prints its input where prove shows it
#   needs FILE...              ends the script unless the programs are built
#   at_end COMMAND             runs the command at the script's end, the last one first
#   $work                      is a folder for the time of the script

tap_checks=0
tap_failures=0
tap_ends=

work=$(mktemp -d "${TMPDIR:-/tmp}/slabvisor.XXXXXX") || exit 1

at_end() {
	tap_ends="$1
$tap_ends"
}
trap 'eval "$tap_ends"; rm -rf "$work"' EXIT

diag() {
	sed 's/^/# /' >&2
}

explain() {
	:
}

ok() {
	tap_checks=$((tap_checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_checks - $2"
		return
	fi
	tap_failures=$((tap_failures + 1))
	echo "not ok $tap_checks - $2"
	{
		# The line that tests/check.sh looks for: prove itself shows the number alone.
		printf '  Failed: %s\n' "$tap_checks - $2"
		shift 2
		[ $# -eq 0 ] || printf '%s\n' "$@"
		explain
	} | diag
	return 1
}

is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3" "got:    $1" "wanted: $2"
	fi
}

check() {
	tap_name=$1
	shift
	if "$@"; then
		ok 0 "$tap_name"
	else
		ok 1 "$tap_name"
	fi
}

skip() {
	tap_checks=$((tap_checks + 1))
	echo "ok $tap_checks - $1 # SKIP $2"
}

done_testing() {
	echo "1..$tap_checks"
	[ "$tap_failures" -eq 0 ]
}

needs() {
	for tap_file; do
		[ -x "$tap_file" ] && continue
		echo "Bail out! $tap_file is not built: run 'make all tests'"
		exit 1
	done
}
