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

done_testing
