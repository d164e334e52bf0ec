#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: a Linux guest with disks, which does with them what users do
# (disk-init.sh). Its findings, and what this side sees of its images, as TAP.
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
images=$NESTED_DISK

mib() { # of an image that the host keeps
	echo $(($(stat -c '%b * %B' "$images/$1") >> 20))
}

truncate -s 64M "$images/vda" "$images/vdb"
{ echo 'read only' && head -c 1M /dev/zero; } >"$images/vdc"
limit=900 start cloud/vmlinuz guest-disk.cpio '' --cpus 2 --stats \
	--disk "path=$images/vda,packed=off,queues=1" --disk "path=$images/vdb,serial=of-vdb" \
	--disk "path=$images/vdc,readonly=on" --qmp "unix:$work/qmp"
hear 'guest: asks 1'
full=$(mib vda)
check "vda is $full MiB on the host when filled" test "$full" -ge 63
echo go >&3
hear 'guest: asks 2'
less=$(mib vda)
check "vda is $less MiB when 32 are discarded" test "$less" -le $((full - 31))
check 'vdb is made larger' $slabvisor ctl "$work/qmp" block_resize "{\"device\": \"disk1\", \"size\": $((96 << 20))}"
check 'its image has that size' test "$(stat -c %s "$images/vdb")" = $((96 << 20))
echo go >&3
ended

# The guest's own lines: each a test.
while IFS= read -r line; do
	case $line in
	'guest: ok '*) check "${line#guest: ok }" true ;;
	'guest: not ok '*) check "${line#guest: not ok }" false ;;
	esac
done < <(tr -d '\r' <"$out")
check 'the guest has done all of it' said '^guest: all done'
check 'and ends with 0' test $status = 0
quiet 'a guest with disks'
fixed=$(awk '$1 == "blk_fixed_ops" { print $2 }' "$out")
check "its pages went to the ring as they are: $fixed times" test "${fixed:-0}" -gt 1000
finish
