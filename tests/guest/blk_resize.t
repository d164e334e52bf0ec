#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A disk is resized while its guest runs, by the control socket: the guest hears of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

disk=$work/disk
sock=$work/qmp

ctl() {
	"$SLABVISOR" ctl "$sock" "$@" >"$work/ctl.out" 2>"$work/ctl.err"
}

# resized SIZE: by ctl, and the file is of that size.
resized() {
	ctl block_resize "{\"device\": \"disk0\", \"size\": $1}"
	ok $? "block_resize to $1" || diag <"$work/ctl.err"
	is "$(stat -c %s "$disk")" "$1" '... and so is the file'
}

# refused WHY ARGUMENTS: with one line and status 1, the file staying as it is.
refused() {
	local size
	size=$(stat -c %s "$disk")
	ctl block_resize "$2"
	is $? 1 "block_resize $2: status 1"
	is "$(cat "$work/ctl.err")" "slabvisor: block_resize: $1" '... with the reason'
	is "$(stat -c %s "$disk")" "$size" '... and no change'
}

for ring in 3 0; do
	rm -f "$disk"
	truncate -s 64M "$disk"
	mkfifo "$work/said"
	timeout -s KILL 600 "$SLABVISOR" run --guest-ring $ring --qmp "unix:$sock" --disk "path=$disk" \
		"$B/guests/blkcheck" resize >"$work/said" 2>"$err" </dev/null &
	exec 3<"$work/said"
	: >"$out"
	until [ "${line:=}" = 'sectors 131072' ]; do
		read -r line <&3 || break
		echo "$line" >>"$out"
	done
	is "$line" 'sectors 131072' "CPL $ring: the guest waits"
	if [ $ring = 3 ]; then
		refused "Device 'disk1' not found" '{"device": "disk1", "size": 0}'
		refused "Parameter 'size' is missing" '{"device": "disk0"}'
		refused "Parameter 'size' expects bytes, in whole blocks of $disk" \
			'{"device": "disk0", "size": 67108865}'
		refused "Parameter 'size' expects bytes, in whole blocks of $disk" \
			'{"node-name": "disk0", "size": -4096}'
	fi
	resized $((96 << 20))
	ctl query-block && grep -q "\"virtual-size\": $((96 << 20))," "$work/ctl.out"
	ok $? '... and query-block says so'
	until [ "$line" = 'sectors 196608' ]; do
		read -r line <&3 || break
		echo "$line" >>"$out"
	done
	is "$line" 'sectors 196608' "CPL $ring: the guest has seen the disk grow"
	resized $((32 << 20))
	cat <&3 >>"$out"
	exec 3<&-
	wait $!
	is $? 0 "CPL $ring: the guest is content" || {
		cat "$out" "$err" | diag
	}
	! grep -A 1 '^not ok' "$out" | diag 2>&1 | grep .
	ok $? "CPL $ring: every check holds"
	rm "$work/said"
done

rm -f "$disk"
truncate -s 64M "$disk"
mkfifo "$work/said"
timeout -s KILL 600 "$SLABVISOR" run --guest-ring 3 --qmp "unix:$sock" --disk "path=$disk,readonly=on" \
	"$B/tests/asm/loop" >"$work/said" 2>"$err" </dev/null &
read -r _ <"$work/said"
refused "$disk is opened read-only" '{"device": "disk0", "size": 134217728}'
ctl quit
ok $? 'quit'
wait $!
is $? 143 '... ends the guest'

done_testing
