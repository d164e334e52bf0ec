#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# initramfs.sh KERNEL_DIR OUT [FILE...]: the initramfs of the domain: busybox, e2fsprogs, fio, the
# virtio drivers, and an init that does what it is told on the second serial port. More files are in
# its root, with the libraries of those that are programs.
set -euo pipefail
# shellcheck source=tools/initramfs.sh
. tools/initramfs.sh
export PATH=$PATH:/usr/sbin:/sbin

kernel=$1 out=$2
shift 2
release=$(<"$kernel/release")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,proc,sys,tmp,run,mnt,etc/acpi/PWRF}
install -m755 /bin/busybox "$root/bin/busybox"
install -m755 tests/libvirt/init.sh "$root/init"
printf '#!/bin/sh\necho "guest: power button" >/dev/console\npoweroff -f\n' >"$root/etc/acpi/PWRF/00000080"
chmod 755 "$root/etc/acpi/PWRF/00000080"
programs=("$@")
for tool in mkfs.ext4 fsck.ext4 fio; do
	path=$(command -v $tool)
	install -Dm755 "$path" "$root/usr/bin/$tool"
	programs+=("$path")
done
for file; do
	install -m755 "$file" "$root/${file##*/}"
done
initramfs_libraries "${programs[@]}" | while read -r library; do
	install -D "$library" "$root$library"
done
initramfs_modules "$root" "$kernel" "$release" virtio_pci virtio_blk ext4 crc32c_generic button evdev
initramfs_pack "$root" "$out.new"
gzip -1 <"$out.new" >"$out"
rm "$out.new"
