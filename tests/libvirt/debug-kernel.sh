#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# debug-kernel.sh LINUX FOLDER: builds a kernel that looks for what a module does wrong (debug.config),
# of the source tree LINUX, such as Debian's linux-source-6.1, in FOLDER, which takes 300 MiB and a
# quarter of an hour of two CPUs, and needs flex, bison, bc and libelf-dev. Makes build/nested/debug of
# it, and the module for it, so that
#   KERNEL=debug MACHINES=q35 tests/libvirt/kmem_guest.t
# runs the module's tests there.
set -euo pipefail

usage='usage: tests/libvirt/debug-kernel.sh LINUX FOLDER'
linux=$(realpath "${1:?$usage}")
folder=$(realpath -m "${2:?$usage}")
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin:/sbin # depmod
dir=build/nested/debug
config=$(realpath tests/libvirt/debug.config)

words=(make -s -C "$linux" "O=$folder" ARCH=x86_64 "-j$(nproc)")
mkdir -p "$folder"
if ! cmp -s "$config" "$folder/debug.config"; then
	"${words[@]}" KCONFIG_ALLCONFIG="$config" allnoconfig
	cp "$config" "$folder/debug.config"
fi
"${words[@]}" bzImage modules
rm -rf "$dir"
mkdir -p "$dir"
"${words[@]}" INSTALL_MOD_PATH="$(realpath "$dir")" modules_install
cp "$folder/arch/x86/boot/bzImage" "$dir/vmlinuz"
release=$(<"$folder/include/config/kernel.release")
ln -sfn "$folder" "$dir/headers-$release"
make -s module RELEASES="$release" MODULE_HEADERS="$(realpath -s "$dir/headers")"
# What has this is whole.
echo "$release" >"$dir/release"
