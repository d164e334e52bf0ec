#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# DKMS builds, installs and removes the module, for a kernel whose headers are there and which is not the
# one that runs. Its folders are the test's own, but for the key that it signs modules with.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

command -v dkms >/dev/null || {
	skip 'DKMS builds the module' 'dkms is not installed: tools/deps.sh module installs it'
	done_testing
	exit
}
version=$(sed -n 's/^VERSION := //p' Makefile)
make -s dkms-source B="$work/build" >"$work/log" 2>&1
ok $? 'make dkms-source lays out a source' || diag <"$work/log"
mkdir -p "$work/tree" "$work/source" "$work/modules"
# The package of one kernel is enough: both are built by `make module`.
headers=$(find /usr/src -maxdepth 1 -name 'linux-headers-*-cloud-amd64' | sort -V | tail -n 1)
release=${headers#/usr/src/linux-headers-}
mkdir -p "$work/modules/lib/modules/$release"
ln -s "$headers" "$work/modules/lib/modules/$release/build"
cp -r "$work/build/dkms/slabvisor-$version" "$work/source/"

words() { # COMMAND...
	dkms "$@" --dkmstree "$work/tree" --sourcetree "$work/source" \
		--installtree "$work/modules/lib/modules" >"$work/log" 2>&1
}
words add -m slabvisor -v "$version"
ok $? 'dkms takes it' || diag <"$work/log"
words build -m slabvisor -v "$version" -k "$release" --kernelsourcedir "$headers"
ok $? "dkms builds it for $release" || diag <"$work/log"
words install -m slabvisor -v "$version" -k "$release" --kernelsourcedir "$headers" --no-depmod
ok $? 'dkms installs it' || diag <"$work/log"
module=$(find "$work/modules" -name 'slabvisor.ko*' | head -n 1)
[ -n "$module" ]
ok $? 'where modprobe looks'
[ -n "$module" ] && is "$(modinfo -F vermagic "$module" | cut -d ' ' -f 1)" "$release" 'it is of that kernel'
modinfo -F alias "$module" | grep -qx 'virtio:d0000FFFFv\*'
ok $? 'udev loads it for the device'
words remove -m slabvisor -v "$version" --all
ok $? 'dkms removes it' || diag <"$work/log"
[ -z "$(find "$work/modules" -name 'slabvisor.ko*')" ]
ok $? 'and nothing is left'
done_testing
