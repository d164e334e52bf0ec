# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For tools/linux_lib.sh and tools/linux_tests.sh: the tree of Linux, of Debian's linux-source-6.1 or what
# LINUX says, a folder to work in, and the flags that its files are compiled with.
B=${B:-build}
SLABVISOR=${SLABVISOR:-$B/slabvisor}
CC=${CC:-gcc}
: "${GUEST_CFLAGS:?run it by make}" "${GUEST_LDFLAGS:?run it by make}"
work=$(mktemp -d "${TMPDIR:-/tmp}/linux_tree.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

fetch() {
	echo '  FETCH    linux-source-6.1' >&2
	(cd "$work" && apt-get download -qq linux-source-6.1 && dpkg-deb -x linux-source-6.1_*.deb . &&
		tar xf usr/src/linux-source-6.1.tar.xz) >"$work/fetch" 2>&1 || {
		cat "$work/fetch" >&2
		return 1
	}
	LINUX=$work/linux-source-6.1
}
[ -n "${LINUX:-}" ] || fetch || exit 1
[ -d "$LINUX/lib" ] || {
	echo "$LINUX has no lib" >&2
	exit 1
}

# The project's own flags but for its warnings, and with them what makes a file of Linux's wrong.
flags=$(printf '%s\n' "$GUEST_CFLAGS" | tr ' ' '\n' | grep -vE '^-(W.*|MMD|MP)$' | tr '\n' ' ')
flags="$flags -Werror=implicit-function-declaration -Werror=implicit-int
	-Werror=incompatible-pointer-types -Werror=int-conversion -include tools/linux_lib.h"

# What a test says if something went wrong: an expression of awk's and grep -E's.
# shellcheck disable=SC2034 # for who sources this
trouble='WARNING|BUG at|guest fault|[Ff]ailed [1-9]|FAIL|!= expected|, expected|[1-9][0-9]* (errors|failures)'
