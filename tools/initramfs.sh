# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What makes an initramfs, for scripts to source: they set -euo pipefail.

# initramfs_modules ROOT KERNEL RELEASE MODULE...: copies modules, and what they need, from
# KERNEL/lib/modules/RELEASE to ROOT, for modprobe there. Modules that are built in are there.
initramfs_modules() {
	local root=$1 kernel=$2 release=$3 m path
	shift 3
	for m; do
		modprobe -d "$kernel" -S "$release" --show-depends "$m"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r path; do
		install -Dm644 "$path" "$root/lib/modules/$release/${path##*/"$release"/}"
	done
	mkdir -p "$root/lib/modules/$release"
	cp "$kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} \
		"$root/lib/modules/$release/"
	depmod -b "$root" "$release"
}

# initramfs_libraries FILE...: the shared libraries of the dynamic executables among FILEs, and
# those of these, one a line.
initramfs_libraries() {
	local f
	for f; do
		# A static executable, a guest program or a script has none, and ldd says so.
		ldd "$f" 2>/dev/null || true
	done | sed -nE 's/^.*(=> |\t)(\/[^ ]+) \(0x[0-9a-f]+\)$/\2/p' | sort -u
}

# initramfs_pack ROOT ARCHIVE: packs the tree, owned by root, as a cpio archive.
initramfs_pack() {
	(cd "$1" && find . -mindepth 1 -print0 | sort -z | cpio -0 -o -H newc -R 0:0 --quiet) >"$2"
}
