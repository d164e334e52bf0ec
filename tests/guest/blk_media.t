#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What sectors a guest sees where direct I/O takes blocks of 4096, with the same bytes as on a file by
# every way; and block devices that the host uses.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/wait.sh
. tests/guest/loop.sh

mounts=$work/mounts
mkdir "$mounts"
# shellcheck disable=SC2317 # called at the end
leave() {
	umount "$mounts" 2>/dev/null
	# Or the next user of this number finds it read-only.
	[ -z "${loop-}" ] || blockdev --setrw "$loop" 2>/dev/null
}
at_end leave

# geometry WANTED NAME DISK: what the guest is told, and what is said on stderr in $err.
geometry() {
	guest --guest-ring 3 --disk "$3" "$B/guests/blkcheck" geometry
	is "$(grep '^#' "$out")" "# $1" "$2: the guest is told so" || say_output
	sed -i '/^slabvisor:/!d' "$err"
}

# said PATTERN NAME: it is the one line of stderr; no pattern: there is none.
said() {
	if [ -n "$1" ]; then
		[ "$(wc -l <"$err")" = 1 ] && grep -qE "$1" "$err"
	else
		[ ! -s "$err" ]
	fi
	ok $? "$2" || say_output
}

# bytes NAME FILE OPTIONS: a sequence of writes leaves what it leaves on a plain file.
bytes() {
	local shift
	for shift in 0 1; do
		dd if=/dev/zero of="$2" bs=1M count=64 oflag=direct conv=notrunc status=none
		guest --guest-ring 3 --heap 128M --disk "path=$2$3" "$B/guests/blkcheck" \
			sequence 3000 7 $shift
		is "$status" 0 "$1, memory shifted by $shift: every check holds" || say_output
		[ "$(account blk_cached_ops)" -gt 0 ]
		ok $? '... some of it through the page cache' || say_output
		[ "$(account blk_cached_ops)" -lt 1000 ]
		ok $? '... and most of it not' || say_output
		dd if="$2" iflag=direct bs=1M count=64 status=none | cmp - "$work/model" >&2
		ok $? '... and the bytes are those of a file'
	done
}

if ! loop_make 96M 4096; then
	skip 'blocks of 4096' "losetup: $(head -n 1 "$err")"
	done_testing
	exit
fi
truncate -s 64M "$work/model"
guest --guest-ring 3 --heap 128M --disk "path=$work/model,direct=off" "$B/guests/blkcheck" sequence 3000 7 0

geometry '196608 of 512, block 4096, physical 4096' 'a device of sectors of 4096' "path=$loop"
said 'sectors of 4096, which the device has: block-size=512 gives' '... which is said, with what else there is'
geometry '196608 of 512, block 512, physical 4096' '... of sectors of 512, as was asked for' \
	"path=$loop,block-size=512"
said '' '... which needs no word'
bytes 'a device of sectors of 4096, given as of 512' "$loop" ,block-size=512

mkfs.ext4 -q -F "$loop" 2>"$err" && mount "$loop" "$mounts" 2>"$err"
if ! mountpoint -q "$mounts"; then
	skip 'a file system on blocks of 4096' "$(head -n 1 "$err")"
	done_testing
	exit
fi
file=$mounts/disk
truncate -s 64M "$file"
geometry '131072 of 512, block 512, physical 4096' 'a file on a device of sectors of 4096' "path=$file"
said 'sectors of 512, and direct I/O is in blocks of 4096.*block-size=4096 gives' \
	'... which is said, with what else there is'
geometry '131072 of 512, block 4096, physical 4096' '... of sectors of 4096, as was asked for' \
	"path=$file,block-size=4096"
said '' '... which needs no word'
bytes 'a file on a device of sectors of 4096' "$file" ''

# Served: neighbours in one block, many at once.
"$SLABVISOR" serve --blk-file "$file" --socket-path "$work/socket" 2>"$err" &
service=$!
up_or_gone() {
	listens "$work/socket" || ended $service
}
until_true 60 up_or_gone
said "^slabvisor: $file: the guest sees sectors of 512, and direct I/O is in blocks of 4096.*--block-size 4096" \
	'served, the same is said'
for size in 512 4096; do
	timeout 600 "$B/tools/slabvisor-vhost-load" --socket "$work/socket" --rw randrw --verify --depth 16 \
		--ios 4000 --block-size $size >"$out" 2>&1
	status=$?
	is "$status $(awk '$1 == "wrong" { print $2 }' "$out")" '0 0' "... and requests of $size are right" ||
		say_output
done
kill -TERM $service
wait $service
rm "$file"

# only_to_read NAME FILE PATTERN: it is refused in words that match, but for reading.
only_to_read() {
	guest --disk "path=$2" "$B/tests/asm/hello"
	is "$status" 124 "$1: refused"
	said "^slabvisor: --disk path=.*: $3" '... in words'
	guest --dry-run --disk "path=$2" "$B/tests/asm/hello"
	is "$status" 124 '... by --dry-run'
	timeout -s KILL 600 "$SLABVISOR" serve --blk-file "$2" --socket-path "$work/socket" 2>"$err"
	is $? 124 '... and by serve'
	guest --disk "path=$2,readonly=on" "$B/tests/asm/hello"
	is "$status" 7 '... but for reading'
}
in_use() {
	only_to_read "$1" "$2" 'the host uses it, or a part of it .it is mounted'
}
in_use 'a device that is mounted' "$loop"
umount "$mounts"
guest --disk "path=$loop" "$B/tests/asm/hello"
is "$status" 7 'a device that is not mounted any more is taken'

# What the host does not write to either.
readonly='make it writable, or open it read-only$'
blockdev --setro "$loop"
only_to_read 'a device that is read-only' "$loop" "it cannot be written to: Read-only file system: $readonly"
blockdev --setrw "$loop"
if mount -t tmpfs none "$mounts" 2>"$err" && truncate -s 1M "$mounts/disk" &&
	mount -o remount,ro "$mounts" 2>"$err"; then
	only_to_read 'a file of a file system that is read-only' "$mounts/disk" \
		"it cannot be written to: Read-only file system: $readonly"
else
	skip 'a file of a file system that is read-only' "$(head -n 1 "$err")"
fi
umount "$mounts"

# While a guest has it the host cannot mount it.
mkfifo "$work/said"
timeout -s KILL 600 "$SLABVISOR" run --qmp "unix:$work/qmp" --disk "path=$loop" "$B/tests/asm/loop" \
	>"$work/said" 2>"$err" </dev/null &
read -r _ <"$work/said"
mount "$loop" "$mounts" 2>/dev/null
is $? 32 'the host cannot mount what a guest writes to'
"$SLABVISOR" ctl "$work/qmp" quit >/dev/null
wait $!

if ! loop_make 64M 512 || ! addpart "$loop" 1 2048 65536 2>"$err"; then
	skip 'a partition' "$(head -n 1 "$err")"
	done_testing
	exit
fi
if mkfs.ext4 -q -F "${loop}p1" 2>"$err" && mount "${loop}p1" "$mounts" 2>"$err"; then
	in_use 'a partition that is mounted' "${loop}p1"
	in_use 'a device of which a partition is mounted' "$loop"
	umount "$mounts"
else
	skip 'a partition' "$(head -n 1 "$err")"
fi
delpart "$loop" 1

done_testing
