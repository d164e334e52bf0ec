# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# For scripts that run slabvisor and print TAP. A script sources this first and calls
# `finish` last.
#
#   needs FILE...          ends the script unless the programs are built
#   run ARGS...            runs slabvisor; sets $status, files $out and $err
#   is_status N NAME       the status was N
#   out_is TEXT NAME       standard output is TEXT and a newline
#   err_has PATTERN NAME   a line of standard error matches the extended expression
#   err_is_line PATTERN NAME  ... and it is the only one

SLABVISOR=${SLABVISOR:-build/slabvisor}
GUEST=${GUEST:-build/tests/asm}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
out=$dir/out
err=$dir/err
tests=0
failed=0

needs() {
	for file; do
		[ -x "$file" ] && continue
		echo "Bail out! $file is not built: run 'make all tests'"
		exit 1
	done
}
needs "$SLABVISOR"

ok() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

not_ok() {
	tests=$((tests + 1))
	failed=$((failed + 1))
	echo "not ok $tests - $1"
	shift
	for line; do
		printf '%s\n' "$line" | sed 's/^/# /'
	done
}

# A limit, so that a guest that hangs fails its test and not the whole run.
run() {
	status=0
	timeout -k 5 60 "$SLABVISOR" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

is_status() {
	if [ "$status" -eq "$1" ]; then
		ok "$2"
	else
		not_ok "$2" "status $status, not $1" "$(head -5 "$err")"
	fi
}

out_is() {
	if [ "$(cat "$out")" = "$1" ]; then
		ok "$2"
	else
		not_ok "$2" "printed: $(head -5 "$out")" "and not: $1" "$(head -5 "$err")"
	fi
}

err_has() {
	if grep -Eq -e "$1" "$err"; then
		ok "$2"
	else
		not_ok "$2" "no line matches: $1" "$(head -5 "$err")"
	fi
}

err_is_line() {
	if [ "$(wc -l <"$err")" -eq 1 ] && grep -Eq -e "$1" "$err"; then
		ok "$2"
	else
		not_ok "$2" "not the one line: $1" "$(head -5 "$err")"
	fi
}

finish() {
	echo "1..$tests"
	[ "$failed" -eq 0 ]
}
