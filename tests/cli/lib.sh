# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the scripts of the command line share; the checks are those of tests/tap.sh, and:
#
#   run ARGS...            runs slabvisor; sets $status, files $out and $err
#   is_status N NAME       the status was N
#   out_is TEXT NAME       standard output is TEXT and a newline
#   err_has PATTERN NAME   a line of standard error matches the extended expression
#   err_is_line PATTERN NAME  ... and it is the only one
#   error STATUS PATTERN ARGS...  `slabvisor ARGS` fails so, with one line

. tests/tap.sh
. tests/wait.sh

SLABVISOR=${SLABVISOR:-build/slabvisor}
GUEST=${GUEST:-build/tests/asm}
out=$work/out
err=$work/err
needs "$SLABVISOR"

# A limit, so that a guest that hangs fails its test and not the whole run.
run() {
	status=0
	timeout -k 5 600 "$SLABVISOR" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

is_status() {
	[ "$status" -eq "$1" ]
	ok $? "$2" "status $status, not $1" "$(head -5 "$err")"
}

out_is() {
	[ "$(cat "$out")" = "$1" ]
	ok $? "$2" "printed: $(head -5 "$out")" "and not: $1" "$(head -5 "$err")"
}

err_has() {
	grep -Eq -e "$1" "$err"
	ok $? "$2" "no line matches: $1" "$(head -5 "$err")"
}

err_is_line() {
	[ "$(wc -l <"$err")" -eq 1 ] && grep -Eq -e "$1" "$err"
	ok $? "$2" "not the one line: $1" "$(head -5 "$err")"
}

error() {
	want=$1
	pattern=$2
	shift 2
	run "$@"
	is_status "$want" "$* ends with $want"
	err_is_line "^slabvisor: .*$pattern" "... and says so: $pattern"
}
