#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The memory of guests on a stock KVM with two nodes; see memory.sh. Makes the initramfs first.
set -eu

dir=build/nested
tests/nested/kernel.sh "$dir/cloud" linux-image-cloud-amd64 >&2
tools/mkinitramfs.sh --kernel "$dir/cloud" --init tests/nested/memory-init.sh \
	--modules 'virtio_mmio virtio_blk virtio_balloon' --binary "$dir/high" "$dir/guest-memory.cpio"
exec tests/nested/run.sh --again --cpus 2 --numa --memory 6144 --timeout 1200 \
	--file "$dir/cloud/vmlinuz" --file "$dir/guest-memory.cpio" -- \
	tests/nested/memory.sh "$(realpath -s "$dir/high")"
