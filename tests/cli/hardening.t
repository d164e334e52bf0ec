#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How the programs that ship were built: what the compiler, the C library and the linker put in the
# way of whoever uses a fault of theirs is in the binaries.
. tests/cli/lib.sh

objects=build/host-plain

for program in build/slabvisor build/tools/slabvisor-vhost-load build/tools/slabvisor-vhost-disk; do
	needs "$program"
	name=${program##*/}
	readelf -hW "$program" | grep -q 'Type:.*DYN'
	ok $? "$name lies where nobody knows (PIE)"
	readelf -lW "$program" >"$out"
	awk '$1 == "GNU_STACK" { found = 1; if ($0 ~ /E  *0x[0-9a-f]+$/) bad = 1 } END { exit !found || bad }' "$out"
	ok $? "... its stacks are not executed" "$(grep GNU_STACK "$out")"
	awk '$1 == "LOAD" && $0 ~ / RWE / { bad = 1 } END { exit bad }' "$out"
	ok $? '... nothing is both written to and executed' "$(grep LOAD "$out")"
	grep -q GNU_RELRO "$out" && readelf -dW "$program" | grep -q 'FLAGS.*NOW'
	ok $? '... and all of its links are made at start, and then read-only (RELRO, BIND_NOW)'
	! readelf -dW "$program" | grep -q TEXTREL
	ok $? '... none of them within code'
	readelf --dyn-syms -W "$program" >"$out"
	grep -q ' UND __stack_chk_fail@' "$out"
	ok $? '... a stack that was written past is found out (-fstack-protector-strong)'
	grep -qE ' UND __[a-z]+_chk@' "$out"
	ok $? '... and so is a buffer of the C library (_FORTIFY_SOURCE)'
done

# The linker leaves the mark out of a program if one part lacks it, the C library's say.
if ${CC:-gcc} -fcf-protection=full -x c -c -o "$work/object" /dev/null 2>/dev/null; then
	find mm virtio vmm -name '*.c' | sort >"$work/sources"
	bad=$(while read -r source; do
		readelf -nW "$objects/${source%.c}.o" 2>/dev/null | grep -q 'IBT, SHSTK' ||
			echo "$source"
	done <"$work/sources")
	[ -s "$work/sources" ] && [ -z "$bad" ]
	ok $? 'each jump and each return of ours has a place to go to (IBT, SHSTK)' "$bad"
else
	skip 'each jump and each return of ours has a place to go to' 'this compiler knows no such places'
fi
done_testing
