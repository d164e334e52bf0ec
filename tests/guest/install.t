#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What `make install` lays down serves a program from outside the tree: the README's
# own example, built and run the README's way.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

# What others have there, in folders that are ours, too, and in theirs.
mkdir -p "$work/root/bin" "$work/root/share/man/man1" "$work/root/share/doc/other"
echo other >"$work/root/bin/other"
echo other >"$work/root/share/man/man1/slabtop.1"
everything() { (cd "$work/root" && find . -printf '%y %m %p %l\n' -type f -exec cksum '{}' + | sort); }
everything >"$work/before"

make -s install PREFIX="$work/root" STAGE="$work/stage" >"$work/log" 2>&1
ok $? 'make install' || diag <"$work/log"
grep -q "PKG_CONFIG_PATH=$work/root/share/pkgconfig" "$work/log"
ok $? 'it says where pkg-config has to look, where that does not by itself' || diag <"$work/log"
(cd "$work/stage/$work/root" && find . ! -type d | sort) >"$work/staged"
(cd "$work/root" && find . ! -type d ! -name other ! -name slabtop.1 ! -name install.list | sort) >"$work/laid"
cmp -s "$work/staged" "$work/laid"
ok $? 'it lays down what is staged, and a list of it' "$(diff "$work/staged" "$work/laid")"
grep -rl '@PREFIX@\|@VERSION@' "$work/root" >"$work/log"
[ ! -s "$work/log" ]
ok $? 'nothing of that is left to be filled in' || diag <"$work/log"
for page in slabvisor.1 slabvisor-run.1 slabvisor.yaml.5 slabvisor-guest.7; do
	is "$(man -M "$work/root/share/man" -w "${page##*.}" "${page%.*}" 2>&1)" \
		"$work/root/share/man/man${page##*.}/$page" "man finds $page" 
done
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
# refused TEXT: such a statement does not compile.
refused() {
	printf '%s\n' '#include <linux/bug.h>' '#include <linux/minmax.h>' 'int f(int n, unsigned long u);' \
		"int f(int n, unsigned long u) { $1 return n; }" >"$work/refused.c"
	# shellcheck disable=SC2046 # words
	! gcc -O2 -c $(pkg-config --cflags slabvisor-guest) -o "$work/refused.o" "$work/refused.c" 2>"$work/log"
}
refused 'BUILD_BUG_ON(sizeof(n) == 4);' && refused 'BUILD_BUG_ON(n);' && refused 'if (n) BUILD_BUG();' &&
	! refused 'BUILD_BUG_ON(sizeof(n) == 8);'
ok $? 'BUILD_BUG_ON() refuses what is so, or not known' || diag <"$work/log"
refused 'n = min(n, u);' && refused 'n = max(-1, u);' && ! refused 'n = min(n & 7, 9u);'
ok $? 'min() refuses a number that loses its sign' || diag <"$work/log"
# A header of the compiler that built the library would be none of the one that builds a program.
pkg-config --cflags slabvisor-guest | tr ' ' '\n' | grep / | grep -v "^\(-I\)\?$work/root/" >"$work/log"
[ ! -s "$work/log" ]
ok $? 'no path in those words leads out of what is installed' || diag <"$work/log"
grep -qF "$(gcc -print-file-name=include)" "$work/root/share/pkgconfig/slabvisor-guest.pc"
[ $? = 1 ]
ok $? "the file does not name the compiler's folder"

# A program of a Linux guest. There is no device here, which is what it says.
cat >"$work/user.c" <<'END'
#include <errno.h>
#include <slabvisor.h>
#include <slabvisor/uapi.h>

int main(void)
{
	struct slabvisor *sv;
	struct slabvisor_range range = {.pages = 0};

	return slabvisor_open(&sv) == -ENOENT && !sv && !range.pages ? 0 : 1;
}
END
for static in '' --static; do
	# shellcheck disable=SC2046 disable=SC2086 # words
	gcc -Wall -Werror ${static:+-static} $(pkg-config --cflags slabvisor) -o "$work/user" "$work/user.c" \
		$(pkg-config --libs slabvisor) >"$work/log" 2>&1
	ok $? "a Linux guest's program links with libslabvisor${static:+, statically}" || diag <"$work/log"
	LD_LIBRARY_PATH=$work/root/lib "$work/user"
	ok $? "and is told that there is no device${static:+, too}"
done
[ -e "$work/root/src/slabvisor-0.1.0/dkms.conf" ] && [ -e "$work/root/src/slabvisor-0.1.0/kmem/cpu.c" ]
ok $? 'DKMS finds the source of the module'
grep -q 'GROUP="slabvisor"' "$work/root/lib/udev/rules.d/60-slabvisor.rules"
ok $? 'the device belongs to the group slabvisor'

# Installed over, by a version that has a file less and another more.
everything >"$work/installed"
find "$work/root" -exec touch -hd @0 '{}' +
echo old >"$work/root/share/slabvisor/old.yaml"
printf 'file %s\n' "$work/root/share/slabvisor/old.yaml" >>"$work/root/share/slabvisor/install.list"
make -s install PREFIX="$work/root" STAGE="$work/stage" >"$work/log" 2>&1
is "$? $(everything | diff "$work/installed" -)" '0 ' 'installed again, what only the installation before had is gone' ||
	diag <"$work/log"
make -s uninstall PREFIX="$work/root" >"$work/log" 2>&1
is "$? $(everything | diff "$work/before" -)" '0 ' 'make uninstall leaves what was there before, and nothing else' ||
	diag <"$work/log"
! make -s uninstall PREFIX="$work/root" >"$work/log" 2>&1 && grep -q 'install.list: there is no such list' "$work/log"
ok $? 'where nothing is installed it says so' || diag <"$work/log"
make -s install DESTDIR="$work/below" PREFIX=/usr STAGE="$work/stage" >"$work/log" 2>&1
is "$? $(grep -r "$work" "$work/below" | wc -l)" '0 0' 'below DESTDIR, nothing knows of it' || diag <"$work/log"
make -s uninstall DESTDIR="$work/below" PREFIX=/usr >"$work/log" 2>&1
is "$? $(find "$work/below" 2>&1 | tr '\n' ' ')" "0 $work/below " '... and all of it is taken away' || diag <"$work/log"

done_testing
