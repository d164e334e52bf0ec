#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# module_source.sh DIR VERSION: lays out in DIR all that the kernel module of guest/linux is built from,
# as DKMS wants it: its own files, the shared allocator, and the headers of both. Files that are the
# same already are left as they are, so that nothing is built twice.
set -eu

dir=$1
version=$2
cd "$(dirname "$0")/.."

put() { # FROM TO
	mkdir -p "$(dirname "$2")"
	cmp -s "$1" "$2" || cp "$1" "$2"
}

find guest/linux -type f | while read -r f; do
	case $f in
	*/dkms.conf) ;;
	*) put "$f" "$dir/${f#guest/linux/}" ;;
	esac
done
mkdir -p "$dir"
sed "s|@VERSION@|$version|" guest/linux/dkms.conf >"$dir/dkms.conf"
for f in cpu free depot mag host core reclaim obey refill slot far heap slab_kmalloc slab_cache dup; do
	put guest/lib/kmem/$f.c "$dir/kmem/$f.c"
done
put guest/lib/kmem/priv.h "$dir/guest/lib/kmem/priv.h"
for f in channel kmem kmem_cpu kmem_fast kmem_port report; do
	put guest/include/slabvisor/$f.h "$dir/include/slabvisor/$f.h"
done
for f in kmem ivshmem; do
	put virtio/abi/$f.h "$dir/virtio/abi/$f.h"
done
put LICENSE "$dir/LICENSE"
