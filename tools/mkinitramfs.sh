#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes a small initramfs for a Linux guest: busybox, and an init that mounts what is usual,
# loads the virtio drivers and gives a shell on the console; leaving it powers off, and so does
# the power button.
set -euo pipefail

usage() {
	cat <<-'END'
	usage: tools/mkinitramfs.sh [OPTION...] OUT
	  --kernel DIR      take modules from DIR/lib/modules (default: /)
	  --release R       of this kernel version (default: the only one in DIR)
	  --modules "M..."  these instead of the virtio drivers; "" for none
	  --init FILE       this init instead of the shell's
	  --binary PATH     this program of the host too, with the libraries that it needs, at
	                    the same place (may be given again)
	END
}

die() {
	echo "mkinitramfs: $*" >&2
	exit 1
}

# shellcheck source=tools/initramfs.sh
. "$(dirname "$0")/initramfs.sh"
export PATH=$PATH:/usr/sbin:/sbin

kernel=/ release='' init='' out='' binaries=()
modules='virtio_mmio virtio_blk virtio_console virtio-rng virtio_balloon ext4 crc32c_generic pvpanic-mmio
	button evdev'
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --release | --modules | --init)
		[ $# -ge 2 ] || die "$1: a value is needed"
		declare "${1#--}=$2"
		shift
		;;
	--binary)
		[ $# -ge 2 ] || die "$1: a value is needed"
		{ [ -f "$2" ] && [ -x "$2" ]; } || die "$1 $2: not a program: give the path of one"
		binaries+=("$(realpath -s "$2")")
		shift
		;;
	--help | -h) usage && exit 0 ;;
	-*) die "$1: unknown option; see --help" ;;
	*) out=$1 ;;
	esac
	shift
done
[ -n "$out" ] || die "say where it goes; see --help"
for tool in /bin/busybox cpio modprobe depmod; do
	command -v "$tool" >/dev/null || die "$tool is missing: run 'tools/deps.sh nested' as root"
done
ldd /bin/busybox >/dev/null 2>&1 && die "/bin/busybox is not static: install busybox-static"
if [ -n "$modules" ] && [ -z "$release" ]; then
	found=("${kernel%/}"/lib/modules/*)
	if [ ! -d "${found[0]}" ]; then
		die "there is no kernel's folder in ${kernel%/}/lib/modules: install a kernel, or give --kernel DIR"
	fi
	if [ ${#found[@]} != 1 ]; then
		die "there are ${#found[@]} kernels in ${kernel%/}/lib/modules: say which by --release"
	fi
	release=${found[0]##*/}
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,proc,sys,tmp,run,root,mnt}
install -m755 /bin/busybox "$root/bin/busybox"
if [ -n "$init" ]; then
	install -m755 "$init" "$root/init"
else
	cat >"$root/init" <<-'END'
	#!/bin/busybox sh
	/bin/busybox --install -s
	export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root TERM=linux PS1='\w # '
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t devtmpfs devtmpfs /dev
	mount -t tmpfs tmpfs /tmp
	for m in $(cat /etc/modules); do modprobe "$m"; done
	acpid -l /dev/null
	echo "Linux $(uname -r), $(nproc) CPUs; leave by 'exit' to power off"
	cd /root
	setsid cttyhack sh
	poweroff -f
	END
	# What busybox's acpid runs when the power button is pressed.
	mkdir -p "$root/etc/acpi/PWRF"
	printf '#!/bin/sh\npoweroff -f\n' >"$root/etc/acpi/PWRF/00000080"
	chmod 755 "$root/init" "$root/etc/acpi/PWRF/00000080"
fi
for path in "${binaries[@]}" $(initramfs_libraries "${binaries[@]}"); do
	install -D "$path" "$root$path"
done
mkdir -p "$root/etc"
# shellcheck disable=SC2086 # a list of words
[ -z "$modules" ] || {
	initramfs_modules "$root" "$kernel" "$release" $modules
	printf '%s\n' $modules >"$root/etc/modules"
}
initramfs_pack "$root" "$out.new"
mv "$out.new" "$out"
