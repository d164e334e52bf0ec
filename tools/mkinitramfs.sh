#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes a small initramfs for a Linux guest: busybox, and an init that mounts what is usual,
# loads the virtio drivers and gives a shell on the console; leaving it powers off, and so does
# the power button.
set -euo pipefail

usage() {
	cat <<-END
	usage: ${0##*/} [OPTION...] OUT
	  --kernel DIR      take modules from DIR/lib/modules (default: /)
	  --release R       of this kernel version (default: the one that runs if it is in DIR, or
	                    the only one there)
	  --modules "M..."  these instead of the virtio drivers; "" for none
	  --module FILE     this module of the kernel too, such as slabvisor.ko: it is loaded last (may
	                    be given again)
	  --init FILE       this init instead of the shell's
	  --binary PATH     this program of the host too, with the libraries that it needs, at
	                    the same place (may be given again)
	  --preload FILE    this library too, in /usr/lib; the shell runs all programs with it, such
	                    as libslabvisor-malloc.so, by which their memory is the host's
	  -h, --help        prints this text
	END
}

die() {
	echo "mkinitramfs: $*" >&2
	exit 1
}

# shellcheck source=tools/initramfs.sh
. "$(dirname "$0")/initramfs.sh"
export PATH=$PATH:/usr/sbin:/sbin

kernel=/ release='' init='' out='' preload='' binaries=() own=()
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
	--preload)
		[ $# -ge 2 ] || die "$1: a value is needed"
		[[ -f $2 && $2 = *.so* ]] || die "$1 $2: not a library: give the path of a .so file"
		preload=$2
		shift
		;;
	--module)
		[ $# -ge 2 ] || die "$1: a value is needed"
		[[ -f $2 && $2 = *.ko ]] || die "$1 $2: not a module: give the path of a .ko file"
		own+=("$2")
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
	command -v "$tool" >/dev/null || die "$tool is missing: the packages busybox-static, cpio and kmod have what is needed"
done
ldd /bin/busybox >/dev/null 2>&1 && die "/bin/busybox is not static: install busybox-static"
if [ -n "$modules" ] && [ -z "$release" ]; then
	# Others may have left a folder there, without modules.
	found=()
	for folder in "${kernel%/}"/lib/modules/*; do
		[ ! -e "$folder/modules.order" ] || found+=("${folder##*/}")
	done
	case " ${found[*]} " in
	"  ") die "there are no modules of a kernel in ${kernel%/}/lib/modules: install a kernel, or give --kernel DIR" ;;
	*" $(uname -r) "*) release=$(uname -r) ;;
	*)
		[ ${#found[@]} = 1 ] ||
			die "there are modules of ${found[*]} in ${kernel%/}/lib/modules: say by --release which"
		release=${found[0]}
		;;
	esac
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
	mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
	for m in $(cat /etc/modules); do modprobe "$m"; done
	acpid -l /dev/null
	# What poweroff, halt and reboot send to process 1. A shell heeds them while it waits for a
	# child, though not for one in the foreground.
	trap 'poweroff -f' USR1 USR2
	trap 'reboot -f' TERM
	echo "Linux $(uname -r), $(nproc) CPUs; 'exit' or 'poweroff' ends it"
	cd /root
	[ ! -e /etc/preload ] || export LD_PRELOAD=$(cat /etc/preload)
	exec 3<&0
	setsid cttyhack sh <&3 3<&- &
	wait $!
	poweroff -f
	END
	# What busybox's acpid runs when the power button is pressed.
	mkdir -p "$root/etc/acpi/PWRF"
	printf '#!/bin/sh\npoweroff -f\n' >"$root/etc/acpi/PWRF/00000080"
	chmod 755 "$root/init" "$root/etc/acpi/PWRF/00000080"
fi
for path in "${binaries[@]}" $(initramfs_libraries "${binaries[@]}" ${preload:+"$preload"}); do
	install -D "$path" "$root$path"
done
mkdir -p "$root/etc"
[ -z "$preload" ] || {
	install -Dm755 -t "$root/usr/lib" "$preload"
	echo "/usr/lib/${preload##*/}" >"$root/etc/preload"
}
[ ${#own[@]} = 0 ] || [ -n "$modules" ] || die "--module: what it needs is among the others: do not give --modules \"\""
for path in "${own[@]}"; do
	built=$(modinfo -F vermagic "$path")
	[ "${built%% *}" = "$release" ] || die "$path is for kernel ${built%% *}, not $release"
	install -Dm644 "$path" "$root/lib/modules/$release/updates/${path##*/}"
done
# shellcheck disable=SC2086 # a list of words
[ -z "$modules" ] || {
	initramfs_modules "$root" "$kernel" "$release" $modules
	printf '%s\n' $modules >"$root/etc/modules"
	for path in "${own[@]}"; do
		path=${path##*/}
		echo "${path%.ko}" >>"$root/etc/modules"
	done
}
initramfs_pack "$root" "$out.new"
mv "$out.new" "$out"
