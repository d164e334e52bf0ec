#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# kernel.sh DIR [PACKAGE]: puts a Debian kernel into DIR without installing it:
# vmlinuz, release (its version), lib/modules and, where the payload is XZ, vmlinux.
# PACKAGE is a metapackage that depends on the kernel (default linux-image-amd64).
# Does nothing once DIR has one, and waits for another that is about it.
set -eu

dir=$1
meta=${2:-linux-image-amd64}

mkdir -p "$dir"
exec 9>"$dir.lock"
flock 9
[ ! -e "$dir/release" ] || exit 0

die() {
	echo "nested: $*" >&2
	exit 1
}

package=$(apt-cache depends --important "$meta" 2>/dev/null |
	sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || die "no $meta among the packages known: run 'apt-get update' as root"
release=${package#linux-image-}

tmp=$(mktemp -d "$dir/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
# Fetched by whoever runs this, so that root's download needs no place that _apt can write.
(cd "$tmp" && apt-get -q -o APT::Sandbox::User=root download "$package") >"$tmp/log" 2>&1 || {
	sed 's/^/# /' "$tmp/log" >&2
	die "cannot download $package: run 'apt-get update' as root and try again"
}

# Whole but for the bulk that no virtual machine loads.
dpkg-deb --fsys-tarfile "$tmp/$package"_*.deb | tar -x -C "$tmp" \
	--exclude='./lib/modules/*/kernel/sound' \
	--exclude='./lib/modules/*/kernel/drivers/gpu' \
	--exclude='./lib/modules/*/kernel/drivers/media' \
	--exclude='./lib/modules/*/kernel/drivers/net/wireless' \
	./boot ./lib/modules
# The payload of a bzImage, by the setup header's fields (Documentation/arch/x86/boot.rst).
# Booted as it is, by PVH, it spares the guest seconds of unpacking.
field() {
	od -An -tu"$2" -j "$1" -N "$2" "$tmp/boot/vmlinuz-$release" | tr -d ' '
}
start=$((($(field $((0x1f1)) 1) + 1) * 512 + $(field $((0x248)) 4)))
length=$(($(field $((0x24c)) 4) - 4)) # the last four bytes are the unpacked size
payload() {
	tail -c +$((start + 1)) "$tmp/boot/vmlinuz-$release" 2>/dev/null | head -c "$1"
}
if [ "$(payload 6 | od -An -tx1)" = ' fd 37 7a 58 5a 00' ]; then
	payload $length | xz -dc --single-stream >"$tmp/vmlinux"
	mv "$tmp/vmlinux" "$dir/vmlinux"
fi

rm -rf "${dir:?}/lib" "$dir/vmlinuz"
depmod -b "$tmp" "$release"
mv "$tmp/lib" "$dir/lib"
mv "$tmp/boot/vmlinuz-$release" "$dir/vmlinuz"
echo "$release" >"$dir/release"
