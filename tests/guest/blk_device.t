#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Disks on block devices, of sectors of 512 and of 4096 bytes: every kind of request, the same
# bytes as on a file by every way that data can take, and their size.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/guest/loop.sh

# What the host has as a loop device is not a guest's to write.
if loop_make 16M 512; then
	for with in '' --dry-run; do
		# shellcheck disable=SC2086 # a word, or none
		guest $with --disk "path=$loop_file,direct=off" "$B/guests/hello"
		is "$status" 124 "a file that is a loop device is refused${with:+ by $with}" || say_output
		grep -q "$loop_file.*: the host has it as $loop, which may be mounted: end that" "$err"
		ok $? '... and the line says which' || say_output
	done
	guest --disk "path=$loop_file,readonly=on" "$B/guests/hello"
	is "$status" 0 '... but for reading' || say_output
	guest --disk "path=$loop" "$B/guests/hello"
	is "$status" 0 '... and the device itself is a disk' || say_output
	losetup --detach "$loop"
	loops=()
	guest --disk "path=$loop_file,direct=off" "$B/guests/hello"
	is "$status" 0 'a file that was a loop device is a disk' || say_output
	rm -f "$loop_file"
else
	skip 'a file that is a loop device' "losetup: $(head -n 1 "$err")"
fi

# blkcheck NAME DISK -- ARGS
blkcheck() {
	local name=$1 spec=$2
	shift 3
	guest --guest-ring 3 --heap 128M --disk "$spec" "$B/guests/blkcheck" "$@"
	is "$status" 0 "$name: status 0" || say_output
	! grep '^not ok' -A 1 "$out" | diag 2>&1 | grep .
	ok $? "$name: every check holds"
	all_given_back
	ok $? "$name: nothing is left behind, and nothing pinned" || say_output
}

truncate -s 64M "$work/model"
blkcheck 'model' "path=$work/model,direct=off" -- sequence 3000 7 0

for sector in 512 4096; do
	if ! loop_make 64M $sector; then
		skip "block device, sectors of $sector" "losetup: $(head -n 1 "$err")"
		continue
	fi
	name="block device, sectors of $sector"
	blkcheck "$name" "path=$loop,serial=loop" -- all loop
	for shift in 0 1; do
		for direct in on off; do
			dd if=/dev/zero of="$loop" bs=1M count=64 oflag=direct status=none
			blkcheck "$name, direct=$direct, memory shifted by $shift" \
				"path=$loop,direct=$direct" -- sequence 3000 7 $shift
			dd if="$loop" iflag=direct bs=1M status=none | cmp - "$work/model" >&2
			ok $? "$name, direct=$direct, memory shifted by $shift: the bytes of a file"
		done
	done
	mkfifo "$work/said"
	timeout -s KILL 600 "$SLABVISOR" run --qmp "unix:$work/qmp" --disk "path=$loop" \
		"$B/tests/asm/loop" >"$work/said" 2>"$err" </dev/null &
	read -r _ <"$work/said"
	"$SLABVISOR" ctl "$work/qmp" block_resize "{\"device\": \"disk0\", \"size\": $((128 << 20))}" \
		2>"$work/ctl.err"
	is $? 1 "$name: cannot be larger than it is"
	is "$(cat "$work/ctl.err")" \
		"slabvisor: block_resize: $loop does not have $((128 << 20)) bytes" '... and says so'
	"$SLABVISOR" ctl "$work/qmp" block_resize "{\"device\": \"disk0\", \"size\": $((32 << 20))}" \
		>/dev/null
	ok $? "$name: a part of it can be given"
	"$SLABVISOR" ctl "$work/qmp" quit >/dev/null
	wait $!
	rm "$work/said"
	is "$(blockdev --getsize64 "$loop")" $((64 << 20)) "$name: the device keeps its size"
done

done_testing
