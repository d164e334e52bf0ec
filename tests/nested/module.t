#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The kernel module slabvisor in Linux guests on a stock KVM; see module.sh. Makes their initramfs
# first. GUESTS="KERNEL:CPUS:OPTIONS;..." names others than those of `make check`. A KERNEL that is not
# Debian's (kernel, cloud) is a folder of build/nested with vmlinuz, release and lib/modules, for which
# the module is built by `make module RELEASES=$(cat release) MODULE_HEADERS=PREFIX`, where its build
# tree is PREFIX-RELEASE; it has built in, or as modules, what Debian's have that guests use.
set -eu

dir=build/nested
IFS=';' read -ra guests <<<"${GUESTS:-kernel:2:--heap 2560M,user=256M;cloud:1:--heap 256M,user=64M;cloud:4:--heap 256M,user=64M}"
built=$(realpath -s build)
# shellcheck source=tests/nested/module-pack.sh
. tests/nested/module-pack.sh
files=()
mapfile -t kernels < <(printf '%s\n' "${guests[@]%%:*}" | sort -ru)
for kernel in "${kernels[@]}"; do
	case $kernel in
	kernel) tests/nested/kernel.sh "$dir/$kernel" linux-image-amd64 >&2 ;;
	cloud) tests/nested/kernel.sh "$dir/$kernel" linux-image-cloud-amd64 >&2 ;;
	esac
	pack_guest "$kernel" tests/nested/module-init.sh "$dir/guest-module-$kernel.cpio" \
		"$built/tests/module/svtest" "$built/tests/module/attack" "$built/tests/module/giveback" \
		"$built/libslabvisor-malloc.so" perl bash sqlite3 "$python" memcached
	files+=(--file "$dir/$kernel/vmlinuz" --file "$dir/guest-module-$kernel.cpio")
done
# What README.md has for it, on the kernel of the last guest.
kernel=${guests[-1]%%:*}
module=build/module/$(<"$dir/$kernel/release")
tools/mkinitramfs.sh --kernel "$dir/$kernel" --module "$module/slabvisor.ko" --binary "$(command -v perl)" \
	--preload "$built/libslabvisor-malloc.so" "$dir/guest-module-readme.cpio"
files+=(--file "$dir/guest-module-readme.cpio")
# One CPU: see disk.t.
exec tests/nested/run.sh --again --cpus 1 --memory 4096 --timeout 5400 "${files[@]}" -- \
	env ATTACK="${ATTACK:-2000}" INTERRUPTS="${INTERRUPTS:-2000}" tests/nested/module.sh "$built" "${guests[@]}"
