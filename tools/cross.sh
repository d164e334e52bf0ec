#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# cross.sh OLD NEW: two source trees, each built by `make all tests`. The guests of each run on the
# monitor of the other, and a program from outside the tree that was written for OLD's headers builds
# with NEW's. What it prints is TAP.
set -u

[ $# = 2 ] || {
	echo 'usage: tools/cross.sh OLD NEW' >&2
	exit 2
}
old=$(realpath "$1") new=$(realpath "$2")
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
for tree in "$old" "$new"; do
	needs "$tree/build/slabvisor" "$tree/build/guests/selftest" "$tree/build/tests/asm/hello"
done
out=$work/out err=$work/err status=

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	echo "status $status"
	grep '^not ok' -A 1 "$out"
	tail -n 5 "$out" "$err"
}

# guest OPTION... PROGRAM [ARGS]: runs it on $monitor to its end.
guest() {
	timeout -s KILL 120 "$monitor" run --stats "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

# whole: the last guest printed the TAP that it planned, no check of which failed, and left no frame.
whole() {
	awk '/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0 } /^ok / { n++ } /^not ok / { bad = 1 }
		END { exit bad || !n || n != plan }' "$out" && [ $status = 0 ] && balanced
}

balanced() {
	awk '/^frames_in_use_(start|after) / { n[$2]++; all++ } END { exit all != 2 || length(n) != 1 }' "$err"
}

ended() { # STATUS
	[ $status = "$1" ]
}

# run_guests WHAT MONITOR GUESTS: the guests of a tree on the monitor of a tree.
run_guests() {
	local what=$1 monitor=$2/build/slabvisor guests=$3/build/guests asm=$3/build/tests/asm
	local table=$3/tests/guest/negative.tbl ring cpus name rings wanted options wrong cases
	truncate -s 64M "$work/disk"
	# Where KVM emulates what runs at CPL 0, this would take minutes there.
	guest --guest-ring 3 --disk "path=$work/disk,direct=off" "$guests/blkcheck"
	check "$what: blkcheck at CPL 3: $(grep -c '^ok' "$out") checks" whole
	for ring in 0 3; do
		guest --guest-ring $ring "$guests/hello" you
		is "$(cat "$out")" 'Hello, you!' "$what: hello at CPL $ring"
		for cpus in 1 4; do
			guest --guest-ring $ring --cpus $cpus --heap 64M "$guests/selftest"
			check "$what: selftest at CPL $ring on $cpus vCPUs: $(grep -c '^ok' "$out") checks" whole
		done
		guest --guest-ring $ring --cpus 2 --numa heap=32M --numa heap=32M "$guests/selftest"
		check "$what: selftest at CPL $ring on two nodes" whole
		guest --guest-ring $ring --cpus 2 --heap 64M --slab-debug=FZPU "$guests/selftest"
		check "$what: selftest at CPL $ring with every debug mode" whole
		guest --guest-ring $ring --cpus 2 --heap 64M "$guests/hostile"
		check "$what: hostile at CPL $ring: $(grep -c '^ok' "$out") checks" whole
		guest --guest-ring $ring --module "$new/README.md" "$guests/wordfreq"
		check "$what: wordfreq at CPL $ring" ended 0
		is "$(cat "$out")" "$(cat "$work/words" 2>/dev/null || tee "$work/words" <"$out")" \
			"$what: wordfreq at CPL $ring counts what it counted before"
		for name in start wait tlb; do
			guest --guest-ring $ring --cpus 2 --timeout 50 "$asm/$name"
			check "$what: the asm guest $name at CPL $ring" ended 0
		done
		wrong='' cases=0
		while IFS='|' read -r name rings wanted _ options _; do
			case $name in
			'' | '#'*) continue ;;
			esac
			[[ $rings = *$ring* ]] || continue
			[ "$options" != - ] || options=
			cases=$((cases + 1))
			# shellcheck disable=SC2086 # a list of options
			guest --heap 64M --guest-ring $ring $options "$guests/negative" "$name"
			{ ended "$wanted" && balanced; } || wrong="$wrong $name:$status"
		done <"$table"
		is "$wrong" '' "$what: each of $cases wrong guests at CPL $ring ends with its status"
	done
}

run_guests "OLD's guests on NEW" "$new" "$old"
run_guests "NEW's guests on OLD" "$old" "$new"

# installed TREE: below $work/NAME, without what it takes to build it anew.
for tree in old new; do
	make -s -C "${!tree}" install PREFIX="$work/$tree" >"$out" 2>&1
	status=$?
	check "make install of ${tree^^}" ended 0
done

# compiled TREE PROGRAM SOURCE [OPTION...]: by what pkg-config says of an installed tree.
compiled() {
	local tree=$1 program=$2 source=$3 words
	shift 3
	words=$(PKG_CONFIG_PATH=$work/$tree/share/pkgconfig pkg-config --cflags --libs slabvisor-guest) || return
	# shellcheck disable=SC2086 # a list of words
	gcc -O2 -Wall -Werror "$@" -o "$program" "$source" $words >"$out" 2>&1
}

# Every header that OLD installs is found by its path, alone.
headers=0 missing=
cd "$work/old/include/slabvisor-guest" || exit 1
while read -r header; do
	echo "#include \"${header#./}\"" >"$work/one.c"
	compiled old "$work/one.o" "$work/one.c" -c || continue # it stands alone nowhere
	headers=$((headers + 1))
	compiled new "$work/one.o" "$work/one.c" -c || missing="$missing ${header#./}"
done < <(find . -name '*.h' | sort)
is "$missing" '' "each of $headers headers that OLD installs is found in NEW by its path"
check 'there are such' test "$headers" -gt 0

cat >"$work/outside.c" <<'END'
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "virtio/platform_abi.h"
#include "virtio/virtio_kmem_abi.h"

int main(int argc, char **argv)
{
	struct kmem_cache *cache = kmem_cache_create("outside", 100, 0, 0, NULL);
	char *s = kstrdup(argc > 1 ? argv[1] : "world", GFP_KERNEL);
	struct virtio_kmem_config config = {0};
	void *p;

	if (!s || !cache)
		return 1;
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	printk("Hello, %s! %d\n", s, p && sizeof(config) ? 1 : 0);
	kmem_cache_free(cache, p);
	kmem_cache_destroy(cache);
	kfree(s);
	return 0;
}
END
for tree in old new; do
	compiled $tree "$work/outside.$tree" "$work/outside.c"
	status=$?
	check "a program outside the tree builds with OLD's include paths, against ${tree^^}" ended 0
	for monitor in "$work/old/bin/slabvisor" "$work/new/bin/slabvisor"; do
		guest "$work/outside.$tree" Ada
		is "$(cat "$out")" 'Hello, Ada! 1' "... and runs on the monitor of ${monitor#"$work/"}"
		check '... and leaves no frame behind' balanced
	done
done
done_testing
