#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The kernel module slabvisor in Linux guests on a stock KVM; see module.sh. Makes their initramfs
# first. GUESTS="KERNEL:CPUS:OPTIONS;..." names others than those of `make check`.
set -eu

dir=build/nested
IFS=';' read -ra guests <<<"${GUESTS:-kernel:2:--heap 2560M,user=256M;cloud:1:--heap 256M,user=64M;cloud:4:--heap 256M,user=64M}"
built=$(realpath -s build)
binaries=()
for program in "$built/tests/module/svtest" "$built/tests/module/attack" "$built/libslabvisor-malloc.so" \
	perl bash sqlite3; do
	path=$(command -v "$program") || {
		echo "nested: $program is missing: run 'make', or 'tools/deps.sh module' as root" >&2
		exit 1
	}
	binaries+=(--binary "$path")
done
files=()
for kernel in kernel cloud; do
	[[ " ${guests[*]}" = *" $kernel:"* ]] || continue
	tests/nested/kernel.sh "$dir/$kernel" \
		"linux-image-$([ $kernel = kernel ] || echo cloud-)amd64" >&2
	module=build/module/$(<"$dir/$kernel/release")
	tools/mkinitramfs.sh --kernel "$dir/$kernel" --init tests/nested/module-init.sh \
		--modules 'virtio_mmio virtio_blk' --module "$module/slabvisor.ko" \
		--module "$module/slabvisor_selftest.ko" "${binaries[@]}" \
		"$dir/guest-module-$kernel.cpio"
	files+=(--file "$dir/$kernel/vmlinuz" --file "$dir/guest-module-$kernel.cpio")
done
# One CPU: see disk.t.
exec tests/nested/run.sh --again --cpus 1 --memory 4096 --timeout 2700 "${files[@]}" -- \
	env ATTACK="${ATTACK:-2000}" BENCH="${BENCH:-}" tests/nested/module.sh "$built" "${guests[@]}"
