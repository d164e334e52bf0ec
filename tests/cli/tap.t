#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The dialect of the scripts: what fails is printed, told of and counted, in any shell that they run in;
# and no script has a dialect of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh

# script SHELL: runs the script on standard input; sets $status, files $work/out and $work/err.
script() {
	{ echo '. tests/tap.sh' && cat; } >"$work/script"
	"$1" "$work/script" >"$work/out" 2>"$work/err"
	status=$?
}

# prints TEXT NAME: the script's output is these lines, but for the folder's name.
prints() {
	is "$(cat "$work/out")" "$1" "$2"
}

for shell in sh bash; do
	script $shell <<-'END'
	ok 0 'a status of 0' && is a a 'the same text' && check 'a command' test 1 = 1
	skip 'a check' 'it cannot be made'
	done_testing
	END
	is $status 0 "$shell: a script passes whose checks pass"
	prints "ok 1 - a status of 0
ok 2 - the same text
ok 3 - a command
ok 4 - a check # SKIP it cannot be made
1..4" "$shell: each check that passes is a line, and so is one that is left out"

	script $shell <<-'END'
	explain() {
		echo 'more of it'
	}
	ok 2 'a status' 'the line' || is a b 'two texts' || check 'a command' test 1 = 2
	ok 0 'the last'
	done_testing
	END
	is $status 1 "$shell: a script fails one of whose checks did"
	prints "not ok 1 - a status
not ok 2 - two texts
not ok 3 - a command
ok 4 - the last
1..4" "$shell: each check that fails is a line, and ends with a failure"
	is "$(cat "$work/err")" "#   Failed: 1 - a status
# the line
# more of it
#   Failed: 2 - two texts
# got:    a
# wanted: b
# more of it
#   Failed: 3 - a command
# more of it" "$shell: a failure is told with its lines and what the script explains"

	script $shell <<-'END'
	at_end 'echo first'
	at_end 'ls -d "$work"'
	echo "$work"
	exit 3
	END
	is $status 3 "$shell: the status is the script's, whatever is done at its end"
	folder=$(head -n 1 "$work/out")
	prints "$folder
$folder
first" "$shell: what is to be done at the end is done, the last first, while the folder is there"
	check "$shell: the folder goes" test ! -e "$folder"

	script $shell <<-'END'
	needs /bin/sh "$work/none"
	ok 0 'not reached'
	END
	is "$status $(sed "s|/.*/none|FILE|" "$work/out")" "1 Bail out! FILE is not built: run 'make all tests'" \
		"$shell: without a program that it needs there is no test"
done

is "$(grep -lrE --include=*.sh --include=*.t '^(ok|not_ok|is|check|skip|done_testing|diag|needs|at_end)\(\)' tests)" tests/tap.sh \
	'no other script defines the words of the dialect'
done_testing
