#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Linux guests on a stock KVM; see linux.sh. Makes the initramfs of each kernel first.
set -eu

dir=build/nested
for kernel in kernel cloud; do
	tests/nested/kernel.sh "$dir/$kernel" \
		"linux-image-$([ $kernel = kernel ] || echo cloud-)amd64" >&2
	tools/mkinitramfs.sh --kernel "$dir/$kernel" --init tests/nested/linux-init.sh \
		"$dir/guest-$kernel.cpio"
done
exec tests/nested/run.sh --cpus 2 --timeout 420 \
	--file "$dir/kernel/vmlinuz" --file "$dir/kernel/vmlinux" --file "$dir/guest-kernel.cpio" \
	--file "$dir/cloud/vmlinuz" --file "$dir/guest-cloud.cpio" -- tests/nested/linux.sh
