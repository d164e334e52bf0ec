#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# root.sh FOLDER: unpacks a clean Debian of this machine's release there, with what Slabvisor's packages
# need of others. It is made once, from the mirrors that apt has here, and kept in build/root.tar.
set -euo pipefail
kept=build/root.tar
packages=systemd,man-db,bash-completion,zsh,python3,libedit2,libjansson4,libmicrohttpd12,libncursesw6,liburing2,libyaml-0-2

# Made for another list of packages, it is made again.
if [ "$(cat "$kept.packages" 2>/dev/null)" != "$packages" ] || [ ! -e "$kept" ]; then
	# shellcheck source=/dev/null
	. /etc/os-release
	sources=()
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		[ ! -s "$file" ] || sources+=("$file")
	done
	mkdir -p build
	# What it mounts ends with it, also when it is killed.
	unshare --mount mmdebstrap --quiet --variant=apt --include="$packages" "$VERSION_CODENAME" "${kept%.tar}.new.tar" "${sources[@]}" >&2
	mv "${kept%.tar}.new.tar" "$kept"
	echo "$packages" >"$kept.packages"
fi
tar -xf "$kept" -C "$1"
