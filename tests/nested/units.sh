#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: what depends on the io_uring that the kernel has, on a file system
# with direct I/O: unit tests, and guests at CPL 0 with their disks.
set -u

# shellcheck source=tests/nested/guests-lib.sh
. tests/nested/guests-lib.sh

here=$PWD
# The tests make their disks at this path.
mkdir -p "$NESTED_DISK/build/tests"
cd "$NESTED_DISK" || exit 1
export CMOCKA_MESSAGE_OUTPUT=TAP
for test in virtio_blk_balloon virtio_blk_data virtio_blk_release virtio_blk_lost \
	virtio_vhost_user_log virtio_vhost_user_memory; do
	tap $test "$here/build/tests/$test.plain" "$here/build/tests/$test.plain"
done
for cpus in 1 2 4; do
	truncate -s 64M "$NESTED_DISK/disk"
	tap "blkcheck at CPL 0, $cpus vCPUs" "$here/build/guests/blkcheck" \
		"$here/build/slabvisor" run --guest-ring 0 --cpus $cpus --disk path="$NESTED_DISK/disk" \
		"$here/build/guests/blkcheck"
	rm "$NESTED_DISK/disk"
done

done_testing
