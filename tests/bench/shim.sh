#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The system's own programs, and two of ours whose threads hand objects over (shim_chain.c, shim_stress.c), over mm and the
# magazines, and over the peers' mallocs: in turns, in one run, each program preloaded. What a program writes must be the
# same with each. Of ROUNDS=3 the medians of time elapsed, of CPU time, and of the most memory that one of the program's
# processes had resident, ours and each peer's, and ours to each peer's.
# tests/bench/lib.sh says what is printed.
#   SHIM_SORT_SIZE    of the file that is sorted, 1G
#   SHIM_PROGRAMS     those to run, of: gcc python3 git perl sqlite3 sort chain stress; '' for none
set -eu
cd "$(dirname "$0")/../.."
rounds=3
. tests/bench/lib.sh
programs=${SHIM_PROGRAMS-gcc python3 git perl sqlite3 sort chain stress}
size=$(numfmt --from=iec "${SHIM_SORT_SIZE:-1G}")
dir=$PWD/$B/bench/shim
mkdir -p "$dir" "$work/objects"
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 GIT_CONFIG_GLOBAL=/dev/null
library[ours]=$PWD/$B/libslabvisor-malloc.so
names='glibc ours mimalloc jemalloc tcmalloc'

# What the programs work on; made once.
if [ ! -e "$dir/text" ]; then
	perl tests/bench/shim_data.pl text 80000 >"$dir/text.new"
	mv "$dir/text.new" "$dir/text"
fi
if [ ! -e "$dir/git/done" ]; then
	rm -rf "$dir/git"
	git init -q "$dir/git"
	perl tests/bench/shim_data.pl history 400 | git -C "$dir/git" fast-import --quiet
	git -C "$dir/git" reset -q --hard main
	touch "$dir/git/done"
fi
case " $programs " in
*' sort '*)
	if [ "$(stat -c %s "$dir/lines.$size" 2>/dev/null || echo 0)" -ne "$size" ]; then
		perl tests/bench/shim_data.pl lines "$size" >"$dir/lines.$size"
	fi
	;;
esac

run_gcc() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	find mm -name '*.c' | sort |
		xargs -P 2 -I '{}' sh -c 'gcc -O2 -g -c -I. -D_GNU_SOURCE -pthread \
			-o "$1/objects/$(echo "$2" | tr / _)" "$2"' sh "$work" '{}'
	cat "$work"/objects/*
}
run_python3() {
	/usr/bin/python3 tests/bench/shim_objects.py
}
run_git() {
	cd "$dir/git"
	git log -p --stat
	git repack -adfq --threads=2 --window=20
	git status
	git log --format=%T%H
}
run_perl() {
	perl tests/bench/shim_words.pl "$dir/text"
}
run_sqlite3() {
	sqlite3 :memory: <tests/bench/shim_queries.sql
}
run_sort() {
	sort --parallel=2 -S 3G "$dir/lines.$size"
}
run_chain() {
	"$bin/shim_chain"
}
run_stress() {
	"$bin/shim_stress"
}
bin=$PWD/$B/tests
export bin dir work size
export -f run_gcc run_python3 run_git run_perl run_sqlite3 run_sort run_chain run_stress

fail() {
	echo "bench: $1" >&2
	exit 1
}

round() {
	local program name sum wanted elapsed user system rss
	for program in $programs; do
		for name in $names; do
			bench_step "$program, $name"
			/usr/bin/time -q -o "$work/one" -f '%e %U %S %M' \
				env LD_PRELOAD="${library[$name]}" "$BASH" -ec "run_$program" >"$work/out" ||
				fail "$program failed with $name"
			read -r elapsed user system rss <"$work/one"
			figure "shim_${program}_time_$name" "$elapsed" s
			figure "shim_${program}_cpu_$name" "$(add "$user" "$system")" s
			figure "shim_${program}_rss_$name" "$(awk -v k="$rss" 'BEGIN { print k / 1024 }')" MiB
			sum=$(cksum <"$work/out")
			[ "$name" != glibc ] || wanted=$sum
			[ "$sum" = "$wanted" ] || fail "$program says something else with $name than with glibc"
		done
	done
	rm -f "$work/out"
}

bench_start shim '_(time|cpu)_(glibc|mimalloc|jemalloc|tcmalloc)$'
# shellcheck disable=SC2086 # a list of words
malloc_peers ${names/ours/}
for program in $programs; do
	for what in time cpu rss; do
		for name in $names; do
			[ "$name" = ours ] || bench_ratio "shim_${program}_${what}_ratio_$name" \
				"shim_${program}_${what}_ours" "shim_${program}_${what}_$name"
		done
	done
done
bench_rounds round
