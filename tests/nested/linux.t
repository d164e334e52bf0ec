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
# The init that it has itself.
tools/mkinitramfs.sh --kernel "$dir/cloud" "$dir/guest-shell.cpio"
# One without the PVH note, type 18, is entered at its 64-bit entry.
vmlinux=$dir/kernel/vmlinux
if [ ! "$vmlinux-entry" -nt "$vmlinux" ]; then
	perl -0777 -pe 's/\x12\0\0\0Xen\0/\x12\0\0\0Xem\0/ or die "no PVH note\n"' \
		"$vmlinux" >"$vmlinux-entry.new"
	mv "$vmlinux-entry.new" "$vmlinux-entry"
fi
# One CPU: see disk.t.
exec tests/nested/run.sh --again --cpus 1 --timeout 1500 \
	--file "$dir/kernel/vmlinuz" --file "$vmlinux" \
	--file "$vmlinux-entry" --file "$dir/guest-kernel.cpio" \
	--file "$dir/cloud/vmlinuz" --file "$dir/guest-cloud.cpio" \
	--file "$dir/guest-shell.cpio" -- tests/nested/linux.sh
