#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A Linux guest's disks on a stock KVM; see disk.sh. Makes its initramfs first.
set -eu

dir=build/nested
export PATH=$PATH:/usr/sbin:/sbin
tests/nested/kernel.sh "$dir/cloud" linux-image-cloud-amd64 >&2
binaries=()
for program in fio mkfs.ext4 fsck.ext4 resize2fs blkdiscard; do
	path=$(command -v $program) || {
		echo "nested: $program is missing: run 'tools/deps.sh nested' as root" >&2
		exit 1
	}
	binaries+=(--binary "$path")
done
tools/mkinitramfs.sh --kernel "$dir/cloud" --init tests/nested/disk-init.sh \
	--modules 'virtio_mmio virtio_blk ext4 crc32c_generic' "${binaries[@]}" "$dir/guest-disk.cpio"
# One CPU, since with two QEMU's TCG lost the machine, or the guest's second vCPU, to a triple fault
# in about one run of four; the guest has two.
exec tests/nested/run.sh --again --cpus 1 --disk 512 --timeout 960 \
	--file "$dir/cloud/vmlinuz" --file "$dir/guest-disk.cpio" -- tests/nested/disk.sh
