#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The system's own programs over mm and the magazines, and over the peers' mallocs: in
# turns, in one run, each program preloaded. What a program writes must be the same with
# each. Prints `name value unit` lines: ratios of the medians, ours to the peer's, of time
# elapsed, of CPU time, and of the most memory that one of the program's processes had
# resident.
#   ROUNDS            rounds, 3
#   SHIM_SORT_SIZE    of the file that is sorted, 1G
#   SHIM_PROGRAMS     those to run, of: gcc python3 git perl sqlite3 sort; '' for none
set -eu
cd "$(dirname "$0")/../.."
B=${B:-build}
rounds=${ROUNDS:-3}
programs=${SHIM_PROGRAMS-gcc python3 git perl sqlite3 sort}
size=$(numfmt --from=iec "${SHIM_SORT_SIZE:-1G}")
dir=$PWD/$B/bench/shim
work=$(mktemp -d)
figures=$work/figures
trap 'rm -rf "$work"' EXIT
mkdir -p "$dir" "$work/objects"
export LC_ALL=C PYTHONMALLOC=malloc PYTHONHASHSEED=0 GIT_CONFIG_GLOBAL=/dev/null

declare -A library=(
	[ours]=$PWD/$B/libslabvisor-malloc.so
	[glibc]=''
	[mimalloc]=libmimalloc.so.2
	[jemalloc]=libjemalloc.so.2
	[tcmalloc]=libtcmalloc_minimal.so.4
)
names='glibc ours mimalloc jemalloc tcmalloc'

# A library that is missing would leave glibc measured under its name.
for name in $names; do
	[ -z "${library[$name]}" ] || LD_PRELOAD=${library[$name]} "$BASH" -c : 2>&1 |
		{ ! grep -q 'cannot be preloaded'; } || {
		echo "bench: ${library[$name]} is missing: run tools/deps.sh bench" >&2
		exit 1
	}
done

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
export dir work size
export -f run_gcc run_python3 run_git run_perl run_sqlite3 run_sort

fail() {
	echo "bench: $1" >&2
	exit 1
}

for ((round = 0; round < rounds; round++)); do
	for program in $programs; do
		for name in $names; do
			/usr/bin/time -q -o "$work/one" -f '%e %U %S %M' \
				env LD_PRELOAD="${library[$name]}" "$BASH" -ec "run_$program" >"$work/out" ||
				fail "$program failed with $name"
			echo "$program $name $(cat "$work/one")" >>"$figures"
			sum=$(cksum <"$work/out")
			[ "$name" != glibc ] || wanted=$sum
			[ "$sum" = "$wanted" ] || fail "$program says something else with $name than with glibc"
		done
	done
done
rm -f "$work/out"

awk -v names="$names" -v rounds="$rounds" -v programs="$programs" '
	{
		k = ++count[$1, $2]
		value["time", $1, $2, k] = $3
		value["cpu", $1, $2, k] = $4 + $5
		value["rss", $1, $2, k] = $6 / 1024
	}
	function median(what, program, name,    i, j, v, k) {
		k = count[program, name]
		for (i = 2; i <= k; i++) {
			v = value[what, program, name, i]
			for (j = i; j > 1 && value[what, program, name, j - 1] > v; j--)
				value[what, program, name, j] = value[what, program, name, j - 1]
			value[what, program, name, j] = v
		}
		return value[what, program, name, int((k + 1) / 2)]
	}
	END {
		nr = split(programs, program, " ")
		peers = split(names, name, " ")
		printf "shim_rounds %d rounds\n", rounds
		split("time cpu rss", what, " ")
		split("s s MiB", unit, " ")
		for (p = 1; p <= nr; p++) {
			for (w = 1; w <= 3; w++) {
				ours = median(what[w], program[p], "ours")
				printf "shim_%s_%s %.2f %s\n", program[p], what[w], ours, unit[w]
				for (i = 1; i <= peers; i++) {
					if (name[i] == "ours")
						continue
					peer = median(what[w], program[p], name[i])
					printf "shim_%s_%s_ratio_%s %.3f x\n", program[p], what[w], name[i],
						peer ? ours / peer : 0
				}
			}
		}
	}' "$figures"
