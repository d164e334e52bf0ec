#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every counter counts: a way out that no test takes may as well not be there. The names come
# from the sources and from what `--stats` prints; guests are run until each has been other than
# 0. What no guest reaches is named below, with the unit test that does.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/wait.sh
. tests/guest/loop.sh

# NAME FILE TEXT: the test of FILE that asserts it.
# shellcheck disable=SC2016 # text of that file
exceptions='
frames_in_use_start - none_is_right
events tests/guest/hoard.t "$(account events)" -ge
frames_in_use_after - none_is_right
blk_pin_refusals tests/unit/virtio/blk/data.c assert_int_equal(stats.pin_refusals,
blk_unsupported tests/unit/virtio/blk/requests.c assert_int_equal(stats.unsupported, 3
window_bytes tests/unit/virtio/blk/data.c assert_int_equal(stats.window_bytes, 2
io_awake tests/unit/virtio/blk/awake.c assert_int_equal(stats.awake_begun,
'
declare -A total=()
disk=$work/disk
image() { # SIZE: in the build folder, for a file system that has direct I/O
	[ -z "${disk_file:-}" ] || rm -f "$disk_file"
	disk_file=$(mktemp "$B/counters.XXXXXX")
	disk=$disk_file
	truncate -s "$1" "$disk"
}
# shellcheck disable=SC2016 # expanded at the end
at_end 'rm -f "${disk_file:-}"'

printed() {
	grep -oE '^[a-z_]+ [0-9]+$' "$err"
}

# What the last run has counted.
add() {
	local name value
	while read -r name value; do
		total[$name]=$((${total[$name]:-0} + value))
	done < <(printed)
}

# run WHAT GUEST-OPTIONS...
run() {
	local what=$1
	shift
	guest "$@"
	add
	printed >"$work/printed"
	[ -s "$work/printed" ]
	ok $? "$what: it is run, and counted" || say_output
}

image 64M
run 'all kinds of requests' --cpus 2 --disk "path=$disk,serial=Serial-1" "$B/guests/blkcheck" all Serial-1

# The account has a line for each name in the sources, and no other.
{
	sed -n 's/.*\tstats_line([a-z]*, "\([a-z_]*\)".*/\1/p' vmm/report/stats.c
	sed -n 's/^\tX([a-z_]*, \([a-z_]*\)[,)].*/\1/p' mm/mm.h virtio/blk/blk.h virtio/io/engine.h
} | sort >"$work/named"
awk '{ print $1 }' "$work/printed" | sort >"$work/lines"
diff "$work/named" "$work/lines" | diag 2>&1 | grep . >&2
cmp -s "$work/named" "$work/lines"
ok $? "the account has the $(wc -l <"$work/named") counters of the sources"

missing=
while read -r name; do
	grep -q "\`$name\`" docs/COUNTERS.md || missing="$missing $name"
done <"$work/named"
is "$missing" '' 'docs/COUNTERS.md says what each of them is'
# shellcheck disable=SC2016 # the quotes of a document
known=$(sed -n 's/^| \(`[^|]*\)|.*/\1/p' docs/COUNTERS.md | grep -o '`[a-z_]*`' | tr -d '`' | grep -vxF -f "$work/named" | xargs)
is "$known" '' '... and of no other'

# So has QMP, by the names of the structures.
mkfifo "$work/from"
timeout -s KILL 600 "$SLABVISOR" run --qmp "unix:$work/qmp" --disk "path=$disk" "$B/tests/asm/loop" \
	>"$work/from" 2>"$err" </dev/null &
read -r -t 300 _ <"$work/from"
for query in query-memory query-io; do
	"$SLABVISOR" ctl "$work/qmp" $query
done >"$out" 2>>"$err"
"$SLABVISOR" ctl "$work/qmp" quit >/dev/null 2>>"$err"
wait $!
for name in $(sed -n 's/^\tX(\([a-z_]*\), .*/\1/p' mm/mm.h virtio/blk/blk.h virtio/io/engine.h | tr _ -); do
	grep -q "\"$name\": [0-9]" "$out"
	ok $? "QMP has $name"
done

run 'a debug mode that finds something' --slab-debug=P "$B/guests/negative" use_after_free
is "$(account slab_findings)" 1 'what a debug mode finds is counted' || say_output
run 'nothing is registered' --pin-budget 0 --disk "path=$disk" "$B/guests/blkcheck" kinds
run 'memory that is not aligned' --disk "path=$disk" "$B/guests/blkcheck" sequence 1000 42 1
run 'more buffers than may be registered' --heap 256M --memory 64M --pin-budget 4M \
	--disk "path=$disk" "$B/guests/zcbench" rw=randread bs=4k depth=32 buffers=64m ms=200
run 'a working set that moves on' --heap 160M --pin-budget 16M --disk "path=$disk" \
	"$B/guests/blkcheck" workset 128
run 'a hostile guest' --heap 16M --cpus 2 --disk "path=$disk" "$B/guests/hostile"
run 'a guest that gives nothing back' --heap 16M,user=4M --memory 64M "$B/guests/hostile" greedy

# Less locked memory than the budget. Root is held to it once it has no capability.
limited=(prlimit --memlock=65536 --)
[ "$(id -u)" -ne 0 ] || limited+=(setpriv --bounding-set=-ipc_lock --)
timeout -s KILL 600 "${limited[@]}" "$SLABVISOR" run --stats --heap 64M --disk "path=$disk" \
	"$B/guests/blkcheck" sequence 500 42 0 >"$out" 2>"$err" </dev/null
status=$?
add
is $status 0 'less locked memory than the budget: the data is right' || say_output

# A file that somebody cuts while it is read: what is there of a read is there. The guest reads until
# it is ended.
timeout -s KILL 600 "$SLABVISOR" run --stats --heap 64M --qmp "unix:$work/qmp" --disk "path=$disk" \
	"$B/guests/zcbench" rw=read bs=128k depth=4 ms=600000 >"$out" 2>"$err" </dev/null &
pid=$!
counts() { # QUERY COUNTER N: it is over N
	[ "$("$SLABVISOR" ctl "$work/qmp" "$1" 2>/dev/null |
		sed -n "s/.*\"$2\": \([0-9]*\),*\$/\1/p")" -gt "$3" ] 2>/dev/null
}
until_true 60 counts query-pins window-hits 100
truncate -s $((32 * 1024 * 1024 + 512)) "$disk"
until_true 60 counts query-io shorts 0
"$SLABVISOR" ctl "$work/qmp" quit >/dev/null 2>&1
wait $pid
add
ok $((${total[blk_shorts]:-0} == 0)) 'a file that is cut is read up to its end' || say_output

# Blocks of 4096 bytes under sectors of 512.
if loop_make 96M 4096; then
	run 'blocks of 4096' --disk "path=$loop" "$B/guests/blkcheck" sequence 500 7 0
else
	# shellcheck disable=SC2016 # it is the test's text
	exceptions+='blk_cached_ops tests/guest/blk_media.t "$(account blk_cached_ops)" -gt 0
'
fi

# excepted NAME: it is, and the test that is named asserts it.
excepted() {
	local name file text
	while read -r name file text; do
		[ "$name" = "$1" ] || continue
		[ "$file" = - ] || grep -qF "$text" "$file"
		return
	done <<<"$exceptions"
	return 1
}

while read -r name; do
	if [ "${total[$name]:-0}" -gt 0 ]; then
		ok 0 "$name: it has counted"
	else
		excepted "$name"
		ok $? "$name: no guest makes it count, a named test does"
	fi
done <"$work/named"

# Counters that no account has: a unit test asserts each.
unseen() { # STRUCT HEADER
	local field
	for field in $(sed -n "/^struct $1 {/,/^};/p" "$2" | sed 's|/\*.*||' | grep -o '[a-z_0-9]*[,;]' | tr -d ',;'); do
		grep -qrE "assert.*(\.|->)$field\\b" tests/unit
		ok $? "$1.$field: a unit test asserts it"
	done
}
unseen vhost_user_stats virtio/vhost_user/vhost_user.h
unseen virtio_mmio_stats virtio/mmio/mmio.h
unseen kmem_dev_stats virtio/kmem/kmem.h

done_testing
