#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# README's table, the guest's headers and the library agree: what a header declares the library has,
# and a test calls it; what the table names a header has.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh

B=${B:-build}
archive=$B/libslabvisor-guest.a
[ -e "$archive" ] || {
	echo "Bail out! $archive is not built: run 'make all tests'"
	exit 1
}
flags='-D__KERNEL__ -ffreestanding -nostdinc -Iguest/include -I. -isystem guest/include/std -mgeneral-regs-only'

# The compiler's own list of what each header declares. One that is no file of its own is left out.
(cd guest/include && find asm kunit linux slabvisor -name '*.h') | sort |
	grep -vxE 'slabvisor/(hosted|percpu_asm)\.h' | sed 's/.*/#include <&>/' >"$work/all.c"
# shellcheck disable=SC2086 # a list of words
gcc $flags -std=gnu11 -fsyntax-only -aux-info "$work/aux" "$work/all.c" 2>"$work/err"
ok $? 'all headers can be included together' || diag <"$work/err"

# Declared, and not defined there; the name is the last word before its parameters.
grep -E '^/\* guest/include/[^ ]*:[0-9]+:[A-Z]C \*/ extern' "$work/aux" |
	sed -E 's/^[^*]*\*.*\*\/ extern //; s/ \(.*//; s/.*[ *]//' | grep -E '^[A-Za-z_]' | sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -gt 300 ]
ok $? "headers declare functions: $(wc -l <"$work/declared")"

nm "$archive" 2>/dev/null | awk '$2 ~ /[TWVDBR]/ { print $3 }' | sort -u >"$work/defined"
# A program brings main(). What is an error to call is defined nowhere.
grep -vxF -f "$work/defined" "$work/declared" |
	grep -vxE 'main|__field_overflow|__compiletime_.*|__bad_.*' >"$work/undefined"
is "$(xargs <"$work/undefined")" '' 'the library has each function that a header declares'

grep -hoE '[A-Za-z_][A-Za-z0-9_]*' guest/include/*/*.h | sort | uniq -c | awk '{ print $2, $1 }' >"$work/in_headers"
cat tests/unit/guest/*.[ch] tests/unit/guest/*/*.c guest/selftest/*.c guest/negative/*.c guest/hostile/*.c \
	guest/*/*.c tests/guest/*.c | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | sort -u >"$work/called"
# In a header once is the declaration; more often is a call there, by a macro or an inline function.
awk '$2 > 1 { print $1 }' "$work/in_headers" | sort -u >"$work/wrapped"
grep -vxF -f "$work/called" "$work/declared" | grep -vxF -f "$work/wrapped" >"$work/uncalled"
# The tables param_ops_* are what calls these; a test goes through each. The runtime's own headers are
# called by the library, as is what kfree_rcu() comes down to.
grep -hoE '[A-Za-z_][A-Za-z0-9_]*' guest/include/slabvisor/{kmem,kmem_cpu,kmem_fast,kmem_port,platform,channel,report}.h |
	sort -u >"$work/own"
grep -vxE 'param_[gs]et_[a-z]*|kmem_free_after_readers' "$work/uncalled" | grep -vxF -f "$work/own" >"$work/untested"
is "$(xargs <"$work/untested")" '' 'a test or another guest calls each'

# What the table names, in backquotes: a star stands for the rest of a name.
# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^| family | calls |$/,/^$/p' README.md | grep -oE '`[^`]*`' | tr -d '`' |
	sed 's/(.*//' | sort -u >"$work/table"
[ "$(wc -l <"$work/table")" -gt 40 ]
ok $? "README's table names functions: $(wc -l <"$work/table")"
missing=
while read -r name; do
	pattern="\\b${name%\*}"
	[ "$name" != "${name%\*}" ] || pattern="$pattern\\b"
	grep -rqE "$pattern" guest/include || missing="$missing $name"
done <"$work/table"
is "$missing" '' 'a header has each of them'

done_testing
