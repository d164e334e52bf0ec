#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The check of the house's rooms finds what is planted in a copy of the sources.
set -u

. tests/lib.sh

house=$work/house
mkdir -p "$house/tools" "$house/tests/bench"
cp -r tools/fio "$house/tools/"
cp -r mm virtio vmm guest "$house/"
cp tests/bench/kmalloc_loops.h "$house/tests/bench/"
cp tools/rooms.py tools/rooms.order "$house/tools/"

rooms() { # sets status; what it prints is in $out
	"$house/tools/rooms.py" "$@" >"$out" 2>&1
	status=$?
}

# planted FILE LINE PATTERN DESCRIPTION: a line put into FILE is found.
planted() {
	cp "$house/$1" "$work/kept"
	printf '%b\n' "$2" >>"$house/$1"
	rooms --check
	[ "$status" = 1 ] && grep -qE "$3" "$out"
	ok $? "$4" || diag <"$out"
	cp "$work/kept" "$house/$1"
}

rooms --check
is "$status" 0 'the rooms as they are break no rule' || diag <"$out"
rooms
[ "$status" = 0 ] && grep -qE '^virtio/blk +[0-9]+ +[0-9]+$' "$out" && grep -qE '^virtio/blk +virtio/io +[0-9]+ +[0-9]+$' "$out"
ok $? 'rooms, their sizes and the arrows between them are printed' || diag <"$out"
! grep -E '^guest/.*: calls .*upwards|circle.*guest' "$out" >"$work/told"
ok $? 'in the guest no call runs upwards, and no files of a room call each other in a circle' || diag <"$work/told"

planted virtio/io/ring.c '#include "virtio/blk/blk.h"' \
	'virtio/io/ring.c: includes virtio/blk/blk.h, upwards' 'an include that runs upwards is found'
planted mm/host/ram.c '#include "mm/frame/frame.h"' \
	'mm/host/ram.c: includes mm/frame/frame.h, upwards' 'in mm as well'
planted virtio/blk/blk.c '#include "virtio/io/priv.h"' \
	'virtio/blk/blk.c: includes virtio/io/priv.h, which is private' 'a private header of another room is found'

# An include may be spelt in many ways.
n=0
while read -r line; do
	n=$((n + 1))
	planted mm/host/ram.c "$line" 'mm/host/ram.c: includes mm/frame/frame.h, upwards' "spelling $n: $line"
done <<'END'
#include "../frame/frame.h"
#include <mm/frame/frame.h>
#include "mm/../mm//frame/./frame.h"
#  /* why */ include /* why */ "mm/frame/frame.h" // why
#inc\\\nlude "mm/frame/frame.h"
#include_next "mm/frame/frame.h"
#import "mm/frame/frame.h"
%:include "mm/frame/frame.h"
static char *at = "/*"; /* why */\n#include "mm/frame/frame.h"
END
planted mm/host/ram.c '#define FRAME "mm/frame/frame.h"\n#include FRAME' \
	'mm/host/ram.c: includes FRAME: name the file itself' 'an include that a macro names is found'
planted virtio/blk/blk.c '#include <virtio/blk/../io/priv.h>' \
	'virtio/blk/blk.c: includes virtio/io/priv.h, which is private' 'a private header by another spelling too'
planted mm/util.h '#include <mm/mm.h>' \
	'mm/util.h: includes mm/mm.h, upwards' 'contracts include each other downwards only'
planted guest/include/linux/slab.h '#include "../../lib/kmem/priv.h"' \
	'guest/include/linux/slab.h: includes guest/lib/kmem/priv.h, which is a room' \
	"a program's header that leads into a room is found"
planted mm/host/ram.c '#include "tests/bench/kmalloc_loops.h"' \
	'mm/host/ram.c: includes tests/bench/kmalloc_loops.h, which is no room' \
	'an include that leaves the house is found'
planted guest/lib/entry/entry.S '#include "guest/hello/main.c"' \
	'guest/lib/entry/entry.S: includes guest/hello/main.c, upwards' 'in assembly as well'
planted mm/host/ram.c 'struct run;\nint vm_create(struct run *run, void *report);' \
	'mm/host/ram.c: declares vm_create\(\), which vmm/machine/vm.c defines' \
	'a function of another room that is declared by hand is found'
cp "$house/mm/host/ram.c" "$work/kept"
printf '/*\n#include "mm/frame/frame.h"\n*/\n// #include "mm/frame/frame.h"\n' >>"$house/mm/host/ram.c"
rooms --check
is "$status" 0 'an include in a comment is none' || diag <"$out"
cp "$work/kept" "$house/mm/host/ram.c"
ln -s ../frame/frame.h "$house/mm/host/also.h"
rooms --check
is "$status $(cat "$out")" '1 rooms: mm/host/also.h: a link: a file lies in one room' 'a link is found'
rm "$house/mm/host/also.h"

# with_call FILE CODE: what is told of FILE with a function more is in $out.
with_call() {
	cp "$house/$1" "$work/kept"
	printf 'void planted(void)\n{\n\t%s\n}\n' "$2" >>"$house/$1"
	rooms
	cp "$work/kept" "$house/$1"
}

told='^guest/lib/kmem/heap.c: calls platform_wake of guest/lib/machine/platform.c, upwards'
with_call guest/lib/kmem/heap.c 'platform_wake(NULL, 0);'
grep -q "$told" "$out"
ok $? 'a call that runs upwards is told of' || diag <"$out"
with_call guest/lib/kmem/heap.c 'kmem_yield();'
! grep '^guest/lib/kmem/heap.c: calls' "$out"
ok $? 'a call through a port does not run upwards'
with_call guest/lib/kmem/heap.c 'kmem.channel.platform_wake = (struct platform_wake *)0;'
! grep '^guest/lib/kmem/heap.c: calls' "$out"
ok $? 'a member or a structure that is called like a function is no call'

# Two rooms of the same height are none: a circle takes an arrow that the list does not forbid.
mkdir "$house/mm/attic"
printf '#include "mm/slab/slab.h"\n' >"$house/mm/attic/attic.c"
rooms --check
[ "$status" = 1 ] && grep -q 'mm/attic: the room is not in tools/rooms.order' "$out"
ok $? 'a room that the list does not have is found' || diag <"$out"
rm -r "$house/mm/attic"

cp "$house/tools/rooms.order" "$work/kept"
echo 'allow virtio/io -> virtio/blk for no reason at all' >>"$house/tools/rooms.order"
rooms --check
[ "$status" = 1 ] && grep -q 'virtio/io -> virtio/blk is allowed, and nothing' "$out"
ok $? 'an arrow that is allowed and not there is found' || diag <"$out"
cp "$work/kept" "$house/tools/rooms.order"

planted vmm/base/media.c '#include "vmm/elf/elf.h"' \
	'vmm/base/media.c: includes vmm/elf/elf.h, upwards' 'a circle is found by the arrow of it that runs upwards'


# A document says what is so: what it names has not gone.
cat >"$house/ARCHITECTURE.md" <<'END'
`mm/heap.h`, `vmm/` and `mm_pin()` are there; `mm/attic.h` and `mm_attic()` are not; `*.c` and mm/none.h are no names.
END
rooms --check
is "$status" 1 'what a document names and is not there is found'
is "$(grep -c . "$out")" 2 'and nothing else of it'
for name in mm/attic.h 'mm_attic()'; do
	grep -qF "ARCHITECTURE.md: names $name, which is not there" "$out"
	ok $? "$name is said" || diag <"$out"
done

done_testing
