# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What makes the initramfs of a Linux guest that loads the module slabvisor, for scripts to source.
# They set -eu and $dir, and run in the repository's top folder.

# shellcheck source=tools/initramfs.sh
. tools/initramfs.sh

# Perl's program is whole by itself; of Python's library this is what its program imports.
python=/usr/bin/python3
python_imports='import encodings, os, re, json, collections, functools'

# pack_python ARCHIVE: an archive of those files of Python's library.
pack_python() {
	local root path
	root=$(mktemp -d)
	PYTHONDONTWRITEBYTECODE=1 $python -I -S -c "$python_imports, sys
print(*sorted({m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)}), sep='\n')" |
		while read -r path; do
			install -Dm644 "$path" "$root$path"
		done
	# By this folder Python knows the place.
	mkdir -p "$root/usr/lib/python3.$($python -I -S -c 'import sys; print(sys.version_info.minor)')/lib-dynload"
	initramfs_pack "$root" "$1"
	rm -rf "$root"
}

# pack_guest KERNEL INIT ARCHIVE PROGRAM...: an initramfs with the module for the KERNEL in $dir.
pack_guest() {
	local kernel=$1 init=$2 archive=$3 program path module
	local options=()
	shift 3
	for program; do
		path=$(command -v "$program") || {
			echo "nested: $program is missing: run 'make', or 'tools/deps.sh module' as root" >&2
			return 1
		}
		options+=(--binary "$path")
	done
	# shellcheck disable=SC2154 # the caller's
	module=build/module/$(<"$dir/$kernel/release")
	tools/mkinitramfs.sh --kernel "$dir/$kernel" --init "$init" --modules 'virtio_mmio virtio_blk virtio_balloon pvpanic-mmio' \
		--module "$module/slabvisor.ko" --module "$module/slabvisor_selftest.ko" "${options[@]}" \
		"$archive"
	pack_python "$archive.python"
	cat "$archive.python" >>"$archive"
	rm "$archive.python"
}
