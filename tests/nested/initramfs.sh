#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# initramfs.sh DIR [FILE...]: keeps two archives in DIR up to date.
#   base.cpio  init, busybox, bash and the packages below, the modules that init loads
#   work.cpio  the work directory /slabvisor: what was built (monitor, guest programs,
#              plain unit tests), tests/, configs/ and each FILE, at the paths they
#              have in the repository, and the shared libraries that they need
# Each is packed anew only if something that goes into it is newer, came or went.
# The caller sees to it that only one runs at a time. Runs in the repository's top folder; paths of
# FILEs are relative to it. One with an absolute path is packed at that path.
set -euo pipefail

dir=$1
shift
modules='kvm-amd virtio_pci virtio_blk 9pnet_virtio 9p ext4 crc32c_generic'
# Beside busybox, whose sh would run its own applets before what PATH has.
packages='bsdutils coreutils dash diffutils findutils grep sed'

here=tests/nested
kernel=$dir/kernel
# shellcheck source=tools/initramfs.sh
. tools/initramfs.sh
release=$(<"$kernel/release")

# pack ARCHIVE: packs the tree $root. The archive is as old as the tree's start, so that
# what changed meanwhile counts as newer.
pack() {
	initramfs_pack "$root" "$1.new"
	touch -r "$dir/stamp" "$1.new"
	mv "$1.new" "$1"
}

root=
trap '[ -z "$root" ] || rm -rf "$root"' EXIT

base() {
	local path tools
	touch "$dir/stamp"
	root=$(mktemp -d "$dir/root.XXXXXX")
	mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,busybox,dev,proc,sys,tmp,run,root,out,slabvisor}
	install -m755 "$here/init.sh" "$root/init"
	install -m755 /bin/busybox "$root/bin/busybox"
	install -m755 "$(command -v bash)" "$root/bin/bash"
	# shellcheck disable=SC2086 # a list of words
	mapfile -t tools < <(dpkg -L $packages | grep -E '^(/usr)?/s?bin/.')
	cp -P "${tools[@]/#//.}" -t "$root" --parents
	ln -sf dash "$root/bin/sh"
	initramfs_libraries /bin/bash "${tools[@]}" | while read -r path; do
		install -D "$path" "$root$path"
	done
	# shellcheck disable=SC2086 # a list of words
	initramfs_modules "$root" "$kernel" "$release" $modules
	pack "$dir/base.cpio"
	rm -rf "$root"
}

work() {
	local path own=()
	touch "$dir/stamp"
	root=$(mktemp -d "$dir/root.XXXXXX")
	mkdir -p "$root/slabvisor"
	for path; do
		case $path in
		/*) install -D "$path" "$root$path" ;;
		*) own+=("$path") ;;
		esac
	done
	cp -a --parents "${own[@]}" "$root/slabvisor/"
	initramfs_libraries "$@" | while read -r path; do
		install -D "$path" "$root$path"
	done
	pack "$dir/work.cpio"
	rm -rf "$root"
}

if [ ! -e "$dir/base.cpio" ] || [ -n "$(find "$kernel/release" "$here/init.sh" "$here/initramfs.sh" \
	tools/initramfs.sh /bin/busybox /bin/bash -newer "$dir/base.cpio")" ]; then
	base
fi

mapfile -t files < <({
	find build -maxdepth 1 -name slabvisor -type f
	find build -type f \( -path 'build/guests/*' -o -path 'build/tests/asm/*' -o \
		-path 'build/tests/*.plain' -o -path build/nested/probe -o -path build/nested/hold -o -path build/nested/dial \)
	find tests configs -type f ! -name '*.[chdo]'
	[ $# -eq 0 ] || printf '%s\n' "$@"
} | sort -u)
for f in "${files[@]}"; do
	if [ ! -r "$f" ]; then
		echo "nested: $f: no such file to pack" >&2
		exit 1
	fi
done
if [ ! -e "$dir/work.cpio" ] || [ -n "$(find "${files[@]}" "$here/initramfs.sh" -newer "$dir/work.cpio")" ] ||
	! printf '%s\n' "${files[@]}" | cmp -s - "$dir/work.list"; then
	work "${files[@]}"
	printf '%s\n' "${files[@]}" >"$dir/work.list"
fi
