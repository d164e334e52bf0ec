#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tools/mkinitramfs.sh: of which kernel it takes the modules, as it is in the tree and as it is installed.
set -u

. tests/tap.sh

out=$work/out
export PATH=$PATH:/usr/sbin:/sbin
for tool in /bin/busybox cpio modprobe depmod; do
	command -v "$tool" >/dev/null && continue
	echo "1..0 # SKIP $tool is needed: the packages busybox-static, cpio and kmod have it"
	exit 0
done
# shellcheck disable=SC2317 # called by a check that fails
explain() {
	cat "$out"
}

# kernel RELEASE: modules of one that has the driver built in.
kernel() {
	local there=$work/root/lib/modules/$1
	mkdir -p "$there"
	echo kernel/drivers/fake.ko | tee "$there/modules.builtin" >"$there/modules.order"
	printf 'fake.license=BSD\0' >"$there/modules.builtin.modinfo"
	depmod -b "$work/root" "$1"
}
make_one() { # SCRIPT OPTION...
	rm -f "$work/cpio"
	"$1" --kernel "$work/root" --modules fake "${@:2}" "$work/cpio" >"$out" 2>&1
}
takes() { # RELEASE: the archive has its modules, and no other's
	[ "$(cpio -t --quiet <"$work/cpio" | sed -n 's|^lib/modules/\([^/]*\)$|\1|p')" = "$1" ]
}
running=$(uname -r)
script=tools/mkinitramfs.sh

mkdir -p "$work/root/lib/modules/left-behind"
make_one $script
is "$? $(grep -c "no modules of a kernel in $work/root/lib/modules: install" "$out")" '1 1' \
	'a folder without modules is no kernel'
kernel 1.2.3-first
make_one $script && takes 1.2.3-first
ok $? 'of one kernel it takes the modules, whatever other folders are there'
kernel 4.5.6-second
make_one $script
is "$? $(grep -c 'there are modules of 1.2.3-first 4.5.6-second in .*: say by --release which' "$out")" '1 1' \
	'of two it asks which'
make_one $script --release 4.5.6-second && takes 4.5.6-second
ok $? 'takes the one that is named'
kernel "$running"
make_one $script && takes "$running"
ok $? 'and else the one that runs'

library=$(find /lib /usr/lib -name 'libc.so.6' | head -n 1)
make_one $script --preload "$library"
cpio -id --quiet -D "$work" etc/preload <"$work/cpio"
is "$? $(cat "$work/etc/preload") $(cpio -t --quiet <"$work/cpio" | grep -cx usr/lib/libc.so.6)" \
	'0 /usr/lib/libc.so.6 1' 'a library to preload is there, and the shell knows of it'
make_one $script --preload "$work/root"
is "$? $(grep -c 'not a library' "$out")" '1 1' 'a folder is none'

make -s install PREFIX=/usr DESTDIR="$work/dest" >"$out" 2>&1
ok $? 'make install'
installed=$work/dest/usr/bin/slabvisor-mkinitramfs
grep -qx '\. /usr/share/slabvisor/initramfs.sh' "$installed"
ok $? 'what is installed looks for its other half where that will be'
sed -i "s|^\. /usr|. $work/dest/usr|" "$installed"
make_one "$installed" && takes "$running"
ok $? 'and does the same'
"$installed" --help >"$out"
is "$? $(head -1 "$out")" '0 usage: slabvisor-mkinitramfs [OPTION...] OUT' 'under its own name'

done_testing
