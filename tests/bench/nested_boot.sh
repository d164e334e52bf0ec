#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The start of Linux guests on a stock KVM, beside QEMU's microvm; see tests/nested/bench-boot.sh, which makes ROUNDS=5
# in one machine. To tests/bench/lib.sh all of that is one round.
set -eu
cd "$(dirname "$0")/../.."
inner=${ROUNDS:-5}
ROUNDS=1
. tests/bench/lib.sh

dir=build/nested
tests/nested/kernel.sh "$dir/kernel"
tests/nested/kernel.sh "$dir/cloud" linux-image-cloud-amd64
tools/mkinitramfs.sh --modules '' --init tests/nested/boot-init.sh "$dir/guest-boot.cpio"
files=()
for f in "$dir"/{kernel,cloud}/vmlinuz "$dir/guest-boot.cpio" /usr/bin/qemu-system-x86_64 \
	/usr/share/qemu/{qboot.rom,bios-microvm.bin,linuxboot_dma.bin}; do
	files+=(--file "$f")
done

round() {
	tests/nested/run.sh --cpus 2 --timeout 400 "${files[@]}" -- \
		env ROUNDS="$inner" tests/nested/bench-boot.sh >>"$figures"
}

bench_start nested-boot ''
bench_version qemu "$(qemu-system-x86_64 --version | head -1)"
bench_rounds round
