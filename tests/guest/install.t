#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What `make install` lays down serves a program from outside the tree: the README's
# own example, built and run the README's way.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

make -s install PREFIX="$work/root" >"$work/log" 2>&1
ok $? 'make install' || diag <"$work/log"
# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' >"$work/hello.c"
export PKG_CONFIG_PATH=$work/root/share/pkgconfig
# shellcheck disable=SC2046 # words
gcc -O2 -Wall -Werror $(pkg-config --cflags slabvisor-guest) -o "$work/hello" \
	"$work/hello.c" $(pkg-config --libs slabvisor-guest) >"$work/log" 2>&1
ok $? "the README's program builds with pkg-config's words" || diag <"$work/log"
is "$("$work/root/bin/slabvisor" run "$work/hello" Ada)" 'Hello, Ada!' \
	'it runs, and says what it should'

cat >"$work/names.c" <<'END'
#include "virtio/platform_abi.h"
#include "virtio/virtio_kmem_abi.h"
struct virtio_kmem_config config;
END
# shellcheck disable=SC2046 # words
gcc -c -Wall -Werror $(pkg-config --cflags slabvisor-guest) -o "$work/names.o" "$work/names.c" >"$work/log" 2>&1
ok $? 'the ABI headers are found by their old names' || diag <"$work/log"

# What Kbuild guarantees to code for the kernel, at the levels that it builds at.
for level in -O2 -Os; do
	# shellcheck disable=SC2046 # words
	gcc "$level" -Wall -Werror $(pkg-config --cflags slabvisor-guest) -o "$work/idioms" \
		tests/guest/idioms.c $(pkg-config --libs slabvisor-guest) >"$work/log" 2>&1
	ok $? "idioms of the kernel's code build with pkg-config's words at $level" || diag <"$work/log"
	"$work/root/bin/slabvisor" run "$work/idioms" >"$work/log" 2>&1
	ok $? "they mean at $level what they mean in the kernel" || diag <"$work/log"
done
# A header of the compiler that built the library would be none of the one that builds a program.
pkg-config --cflags slabvisor-guest | tr ' ' '\n' | grep / | grep -v "^\(-I\)\?$work/root/" >"$work/log"
[ ! -s "$work/log" ]
ok $? 'no path in those words leads out of what is installed' || diag <"$work/log"
grep -qF "$(gcc -print-file-name=include)" "$work/root/share/pkgconfig/slabvisor-guest.pc"
[ $? = 1 ]
ok $? "the file does not name the compiler's folder"

done_testing
