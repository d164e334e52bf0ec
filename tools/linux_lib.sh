#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Usage: make linux-lib [LINUX=DIR] [FILES="sort list_sort ..."]
# Puts Linux's lib/*.c, of Debian's linux-source-6.1 or of the source tree LINUX, to the guest's
# headers: compiles each as it is, links it with the guest's library and runs it in a guest. With it
# comes what Kbuild says of a configuration, macros alone (tools/linux_lib.h). A function that both
# have is the file's own; what the library has not comes from the other files that compile. A line
# says how far each came; its tests, if it has any, run when the guest starts and decide "ran".
# Nothing of Linux is kept in the tree.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/linux_tree.sh
mkdir "$work/obj"

compile() { # FILE
	local name
	name=$(basename "$1" .c)
	# shellcheck disable=SC2086 # a list of words
	$CC $flags "-DKBUILD_MODNAME=\"$name\"" "-DKBUILD_BASENAME=\"$name\"" -c \
		-o "$work/obj/$name.o" "$1" >"$work/obj/$name.log" 2>&1 || rm -f "$work/obj/$name.o"
}

link() { # NAME
	# shellcheck disable=SC2086
	$CC $GUEST_LDFLAGS -Wl,-z,muldefs -o "$work/obj/$1.elf" "$work/obj/$1.o" -Wl,--whole-archive \
		"$B/libslabvisor-guest.a" -Wl,--no-whole-archive "$work/linux.a" \
		>"$work/obj/$1.link" 2>&1 || rm -f "$work/obj/$1.elf"
}

run() { # NAME
	timeout -s KILL 300 "$SLABVISOR" run --memory 128M --heap 64M --timeout 240 \
		"$work/obj/$1.elf" >"$work/obj/$1.out" 2>&1 </dev/null
	echo $? >"$work/obj/$1.status"
}

# A file that has something to run: what is named in a table of <linux/init.h> or <kunit/test.h>.
has_tests() { # NAME
	objdump -h "$work/obj/$1.o" | grep -q '\.grt_\(kunit\|initcall\)'
}

export -f compile link run
export CC flags work B SLABVISOR GUEST_LDFLAGS
each() { # COMMAND, with names on standard input
	xargs -r -P "$(nproc)" -I '{}' bash -c "$1 '{}'"
}

if [ -n "${FILES:-}" ]; then
	for name in $FILES; do echo "$LINUX/lib/$name.c"; done
else
	printf '%s\n' "$LINUX"/lib/*.c
fi >"$work/files"
# All are compiled, since each may want others.
printf '%s\n' "$LINUX"/lib/*.c | each compile
ar rcs "$work/linux.a" "$work"/obj/*.o
sed 's|.*/||; s|\.c$||' "$work/files" >"$work/names"
while read -r name; do [ -e "$work/obj/$name.o" ] && echo "$name"; done <"$work/names" | each link
while read -r name; do [ -e "$work/obj/$name.elf" ] && echo "$name"; done <"$work/names" | each run

all=0 compiled=0 linked=0 ran=0 tests=0 passed=0 users=0 users_compiled=0
while read -r name; do
	all=$((all + 1))
	said='' why=''
	user=$(grep -cE '<linux/(slab|mm|vmalloc|uaccess)\.h>' "$LINUX/lib/$name.c")
	[ "$user" -eq 0 ] || users=$((users + 1))
	if [ ! -e "$work/obj/$name.o" ]; then
		why=$(grep -m 1 -E 'error' "$work/obj/$name.log" | sed 's/.*error: //')
	else
		compiled=$((compiled + 1)) said=compiled
		[ "$user" -eq 0 ] || users_compiled=$((users_compiled + 1))
		if [ ! -e "$work/obj/$name.elf" ]; then
			why=$(grep -m 1 -o 'undefined reference to .*' "$work/obj/$name.link")
		else
			linked=$((linked + 1)) said="$said linked"
			status=$(cat "$work/obj/$name.status")
			if has_tests "$name"; then
				tests=$((tests + 1))
				[ "$status" -ne 0 ] || passed=$((passed + 1))
				said="$said tests"
			fi
			# Many give an error back so that the module is unloaded; what went wrong is said.
			if [ "$status" -eq 1 ] && grep -q '^initcall .* returned -' "$work/obj/$name.out" &&
				! grep -qE "not ok|$trouble" "$work/obj/$name.out"; then
				status=0
				! has_tests "$name" || passed=$((passed + 1))
			fi
			if [ "$status" -eq 0 ]; then
				ran=$((ran + 1)) said="$said ran"
			else
				why="status $status: $(tail -n 1 "$work/obj/$name.out")"
			fi
		fi
	fi
	printf '%-24s %-30s %s\n' "$name" "$said" "$why"
done <"$work/names"
cat <<END
files $all
compiled $compiled
linked $linked
ran $ran
with_tests $tests
tests_passed $passed
users_of_memory $users
users_of_memory_compiled $users_compiled
END
[ -z "${KEEP:-}" ] || cp -r "$work/obj" "$KEEP"
