#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A size class has one name: what QMP calls it, --slab-debug takes, and the guest's own reports and
# the monitor's say, so that a name read in one place can be used in the others.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

mkfifo "$work/from"
timeout -s KILL 600 "$SLABVISOR" run --qmp "unix:$work/qmp" "$B/tests/asm/loop" \
	>"$work/from" 2>"$err" </dev/null &
read -r -t 300 _ <"$work/from"
"$SLABVISOR" ctl "$work/qmp" query-slabinfo >"$out" 2>>"$err" || say_output
"$SLABVISOR" ctl "$work/qmp" quit >"$work/quit" 2>&1
wait $!

# NAME BYTES of each class.
awk -F'[:,] *' '
	/"name"/ { gsub(/"/, "", $2); name = $2 }
	/"objsize"/ { size = $2 }
	/}/ && name ~ /^kmalloc-/ { print name, size; name = "" }' "$out" | sort -n -k 2 >"$work/classes"

# The names of Linux's classes, which scripts and people know.
is "$(cut -d ' ' -f 1 "$work/classes" | paste -s -d ' ')" \
	"kmalloc-8 kmalloc-16 kmalloc-32 kmalloc-64 kmalloc-96 kmalloc-128 kmalloc-192 kmalloc-256 \
kmalloc-512 kmalloc-1k kmalloc-2k kmalloc-4k kmalloc-8k" 'query-slabinfo names the classes as Linux does'

while read -r name size; do
	guest --heap 16M "$B/guests/negative" double_free "$size"
	grep -qF "double free of 0x" "$err" && grep -qF "($name)" "$err"
	ok $? "$name: the guest's report names it so" || say_output
	guest --heap 16M "--slab-debug=ZU,$name" "$B/guests/negative" overrun "$size"
	grep -qF "$name: red zone overwritten" "$err"
	ok $? "$name: --slab-debug takes the name, and the monitor's report has it" || say_output
done <"$work/classes"

done_testing
