#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Usage: make linux-tests [LINUX=DIR] [PROTOTYPE=DIR] [TESTS="xarray ida ..."]
# Runs tests of Linux's own as guests: those of tests/linux/list, unchanged, with what they test of Linux's
# (a tree, say) beside them, and the guest's headers and library for everything else. What some need of a
# frame, threads and a C library for a program, is in tests/linux. PROTOTYPE is a tree of
# netoptimizer/prototype-kernel, without which its tests are left out. Prints for each test how many of
# what it counts itself passed, failed and were skipped. Nothing of Linux is kept in the tree.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/linux_tree.sh

# Names that a C library's headers have, of which all is in one.
for name in fcntl errno stdio stdlib string unistd dirent pthread assert err sys/ioctl sys/mman sys/stat sys/types; do
	mkdir -p "$work/libc/$(dirname $name)"
	echo '#include "tests/linux/libc.h"' >"$work/libc/$name.h"
done
mkdir "$work/linux"

trim() {
	local word=$1
	word=${word#"${word%%[![:space:]]*}"}
	printf '%s' "${word%"${word##*[![:space:]]}"}"
}

path() { # FILE: where it is
	case $1 in
	=*) echo "tests/linux/${1#=}" ;;
	+*) echo "${PROTOTYPE:-/none}/${1#+}" ;;
	*) echo "$LINUX/$1" ;;
	esac
}

build() { # NAME FILES HEADERS FLAGS
	local dir=$work/linux/$1 file object extra header word
	mkdir -p "$dir/include"
	for header in $3; do
		mkdir -p "$dir/include/$(dirname "$header")"
		ln -s "$(realpath "$LINUX/include/$header")" "$dir/include/$header"
	done
	for file in $2; do
		object=$dir/$(basename "$file" .c)
		[ ! -e "$object.o" ] || object=$dir/second_$(basename "$file" .c)
		extra="-Itests/linux/include -idirafter $dir/include"
		case $file in
		=*) ;;
		tools/testing/*) extra="$extra -I$work/libc -I$LINUX -Dmain=linux_test_main" ;;
		*)
			case " $4 " in *' threads '*) extra="$extra -include tests/linux/include/module.h" ;; esac
			case " $4 " in *' xarray '*) extra="$extra -include linux/xarray.h" ;; esac
			;;
		esac
		for word in $4; do case $word in -D*) extra="$extra $word" ;; esac; done
		# shellcheck disable=SC2086 # lists of words
		$CC $flags $extra "-DKBUILD_MODNAME=\"$1\"" "-DKBUILD_BASENAME=\"$1\"" -c -o "$object.o" \
			"$(path "$file")" >"$dir/log" 2>&1 || return
	done
	# shellcheck disable=SC2086
	$CC $GUEST_LDFLAGS -Wl,-z,muldefs -o "$dir/test.elf" "$dir"/*.o -Wl,--whole-archive \
		"$B/libslabvisor-guest.a" -Wl,--no-whole-archive >"$dir/log" 2>&1
}

# What a test says of itself: a suite of KUnit by cases, others by their totals or by a line each. One that
# says nothing is one, and passed if the guest ended well; many give back an error even then, so that a
# module is unloaded again, and say by a warning what went wrong.
count() { # STATUS, with its words on standard input
	awk -v status="$1" -v pattern="$trouble" '
	/^    ok .*# SKIP/ { skipped++; next }
	/^    ok / { passed++; next }
	/^    not ok / { failed++; next }
	/[0-9]+ of [0-9]+ tests passed/ && match($0, /[0-9]+ of [0-9]+/) {
		split(substr($0, RSTART, RLENGTH), n, " of ")
		passed += n[1]; failed += n[2] - n[1]; next
	}
	# Parts of what is told in all later.
	/all [0-9]+ tests in / { next }
	/failures: [0-9]+ out of [0-9]+/ || /failed [0-9]+ out of [0-9]+ tests/ {
		match($0, /[0-9]+ out of [0-9]+/)
		split(substr($0, RSTART, RLENGTH), n, " out of ")
		failed += n[1]; passed += n[2] - n[1]; next
	}
	/all [0-9]+ tests passed/ && match($0, /all [0-9]+/) { passed += substr($0, RSTART + 4, RLENGTH - 4); next }
	/[0-9]+ self-tests passed, [0-9]+ failed/ {
		match($0, /[0-9]+ self-tests/); passed += substr($0, RSTART, RLENGTH) + 0
		match($0, /[0-9]+ failed/); failed += substr($0, RSTART, RLENGTH) + 0; next
	}
	/Summary: .* passed: [0-9]+ failed: [0-9]+/ {
		for (i = 1; i < NF; i++) {
			if ($i == "passed:") passed += $(i + 1)
			if ($i == "failed:") failed += $(i + 1)
		}
		next
	}
	/: Time: get:[0-9]+ put:[0-9]+ us$/ || /(GUP|PIN|DUMP)_[A-Z_]*: done$/ { passed++ }
	/[Tt]runcated/ || /WARNING/ || /NOT dma-pinned/ { failed++ }
	/^passed: / || /Successful test: / { passed++ }
	/^failed: / || /Invalid test: / || /Bad invarians/ || /^ERROR/ { failed++ }
	$0 ~ pattern { trouble++ }
	/^initcall .* returned -/ { gave_back++ }
	END {
		if (!(passed + failed + skipped)) {
			if (status == 0 || (status == 1 && gave_back && !trouble)) passed = 1; else failed = 1
		}
		else if (status > 1) failed++
		print passed + 0, failed + 0, skipped + 0
	}'
}

run() { # NAME GUEST WORDS
	local dir=$work/linux/$1 part status all=0
	: >"$dir/out"
	while IFS= read -r part; do
		part=$(trim "$part")
		# shellcheck disable=SC2086
		timeout -s KILL 400 "$SLABVISOR" run --memory 128M --timeout 360 ${2:---heap 64M} "$dir/test.elf" $part \
			>"$dir/part" 2>&1 </dev/null
		status=$?
		# Many give an error back so that the module is unloaded.
		[ "$status" -le "$all" ] || all=$status
		echo "# words: $part, status $status" >>"$dir/out"
		cat "$dir/part" >>"$dir/out"
	done <<<"${3//;/$'\n'}"
	count "$all" <"$dir/out"
}

printf '%-20s %9s %7s %8s\n' name passed failed skipped
while IFS='|' read -r name files headers extra guest words; do
	name=$(trim "$name")
	case $name in '' | '#'*) continue ;; esac
	case " ${TESTS:-$name} " in *" $name "*) ;; *) continue ;; esac
	case $files in
	*+*) [ -n "${PROTOTYPE:-}" ] || {
		printf '%-20s %s\n' "$name" 'left out: PROTOTYPE names no tree'
		continue
	} ;;
	esac
	if build "$name" "$files" "$headers" "$extra"; then
		read -r passed failed skipped <<<"$(run "$name" "$(trim "$guest")" "$(trim "$words")")"
		printf '%-20s %9d %7d %8d\n' "$name" "$passed" "$failed" "$skipped"
	else
		printf '%-20s %s\n' "$name" "not built: $(grep -m 1 -E 'error|undefined' "$work/linux/$name/log" | sed 's/.*error: //')"
	fi
done <tests/linux/list
[ -z "${KEEP:-}" ] || cp -r "$work/linux" "$KEEP"
