#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The disks of Linux guests of our own, on a stock KVM, while the guests give memory back; see
# own.sh.
#   COUNT   checksums of the disk to be taken (6)
set -eu

dir=build/nested
COUNT=${COUNT:-6}
export PATH=$PATH:/usr/sbin:/sbin
tests/nested/kernel.sh "$dir/cloud" linux-image-cloud-amd64 >&2
tools/mkinitramfs.sh --kernel "$dir/cloud" --init tests/soak/init.sh \
	--modules 'virtio_mmio virtio_blk virtio_balloon' --binary build/soak/rounds "$dir/guest-soak.cpio"
# One CPU: see disk.t.
exec tests/nested/run.sh --cpus 1 --disk 128 --timeout $((600 + 150 * COUNT)) \
	--file build/soak/rounds --file "$dir/cloud/vmlinuz" --file "$dir/guest-soak.cpio" -- \
	env COUNT="$COUNT" tests/soak/own.sh "$PWD/build/soak/rounds"
