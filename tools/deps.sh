#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages that building, testing or measuring needs and that
# are not there yet. With all of them present it asks nothing of the network.
set -eu

packages='
make gcc libc6-dev binutils pkg-config perl git bsdutils
systemtap-sdt-dev libcmocka-dev libyaml-dev liburing-dev libjansson-dev strace mount util-linux
libncurses-dev libedit-dev libmicrohttpd-dev prometheus tmux
perl-doc procps python3 systemd systemd-container e2fsprogs man-db mandoc groff-base zsh
libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4
fio python3-six
'
lint='clang-format clang-tidy cppcheck shellcheck'
fuzz='clang libclang-rt-14-dev'
nested='acpica-tools qemu-system-x86 busybox-static cpio kmod xz-utils e2fsprogs fio util-linux'
module='linux-headers-amd64 linux-headers-cloud-amd64 kmod sparse dkms perl bash sqlite3
python3 memcached'
bench='fio sqlite3 time python3'
libvirt='libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-system-common ovmf
busybox-static cpio kmod e2fsprogs fio python3 util-linux'

deb='debhelper dh-dkms dpkg-dev lintian mmdebstrap apparmor'

for extra; do
	case $extra in
	lint) packages="$packages $lint" ;;
	deb) packages="$packages $deb" ;;
	nested) packages="$packages $nested" ;;
	fuzz) packages="$packages $fuzz" ;;
	module) packages="$packages $module" ;;
	bench) packages="$packages $bench" ;;
	libvirt) packages="$packages $libvirt" ;;
	*)
		echo "deps: $extra: bench, deb, fuzz, libvirt, lint, module or nested would be right" >&2
		exit 2
		;;
	esac
done

missing=
for p in $packages; do
	status=$(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) || status=
	case $status in
	*' installed') ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: these packages are missing:$missing" >&2
	echo "deps: run 'make deps' as root, or install them" >&2
	exit 1
fi
echo "  DEPS    $missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
