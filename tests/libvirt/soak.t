#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A libvirt domain that uses its served disk, preloaded programs, shared memory and the kernel's own
# objects of the memory service, all at once, while the host asks for what it can have back. All of
# them compare checksums.
#   SOAK_SECONDS   how long (30; `make soak`: 3600)
set -u

. tests/libvirt/namespace.sh
. tests/lib.sh
. tests/libvirt/daemon.sh
. tests/libvirt/kmem-domain.sh

seconds=${SOAK_SECONDS:-30}
limit=900 # seconds for a command in a domain that has little of a CPU
data=32 # MiB
make_initrd "$B/soak/kmem" "$B/libslabvisor-malloc.so" || exit 1
head -c 64M /dev/urandom >"$image"
sync "$image"
right=$("$B/soak/rounds" sum "$image" 0 $data)

# figure NAME WHICH: what that program said last.
figure() {
	guest "grep -a compared /tmp/$1 | tail -n 1"
	sed -n "s/.*$2 \([0-9]*\).*/\1/p" "$out"
}

# objects: the kernel's, kept while the host reclaims: the self-test tells when it goes.
objects=0 spoilt=0 held=0
take_objects() { guest 'insmod /slabvisor_selftest.ko hold=1 && dmesg -c >/dev/null' && held=1; }
leave_objects() {
	held=0
	guest 'rmmod slabvisor_selftest && dmesg -c'
	objects=$((objects + $(grep -cE '(^|[^a-z])(not )?ok [0-9]' "$out")))
	! grep -E '(^|[^a-z])not ok' "$out" || spoilt=$((spoilt + 1))
}

start_daemons
domain "${MACHINES:-q35}" >"$work/domain.xml"
boots soak
check 'the module loads' guest 'mount -t debugfs debugfs /sys/kernel/debug; insmod /slabvisor.ko && dmesg -c | grep "MiB of the host"'
preload='LD_PRELOAD=/libslabvisor-malloc.so'
# In one line, as a command is to be.
check 'three programs start' guest "$preload /kmem disk $seconds 8 /dev/vda $data $right >/tmp/disk 2>&1 3>&- & $preload /kmem memory $seconds 96 >/tmp/memory 2>&1 3>&- & /kmem shared $seconds 64 >/tmp/shared 2>&1 3>&- &"

reclaims=0 came_back=0 most=0 least=999999999 takes=0 rounds=0
until=$((SECONDS + seconds))
until [ $SECONDS -ge $until ] && ! guest 'pgrep -x kmem'; do
	[ $SECONDS -lt $((until + 1200)) ] || break
	before=$(stored)
	! "$SLABVISOR" ctl t heap-reclaim >"$out" 2>"$err" || reclaims=$((reclaims + 1))
	read -rt 3 <> <(:)
	after=$(stored)
	[ "$before" -le "$most" ] || most=$before
	[ "$after" -ge "$least" ] || least=$after
	[ "$after" -ge "$before" ] || came_back=$((came_back + before - after))
	rounds=$((rounds + 1))
	case $((rounds % 10)) in
	2) take_objects && takes=$((takes + 1)) ;;
	6) [ $held = 0 ] || leave_objects ;;
	0) echo "# $(date +%T) $SECONDS s: disk $(figure disk compared), memory $(figure memory compared), shared $(figure shared compared)," \
		"$reclaims reclaims, $((came_back / 1024)) MiB came back, $takes times objects, $spoilt spoilt" ;;
	esac
done
[ $held = 0 ] || leave_objects

for name in disk memory shared; do
	n=$(figure $name compared) bad=$(figure $name wrong)
	echo "# soak_kmem_$name ${n:-0} checksums"
	echo "# soak_kmem_${name}_wrong ${bad:-none} checksums"
	is "${bad:-none}" 0 "$name: each checksum is right"
	check "$name: it went on to its end" guest "grep -a 'kmem: ends' /tmp/$name"
done
echo "# soak_kmem_objects $takes times, $objects statements of the self-test"
echo "# soak_kmem_reclaims $reclaims"
echo "# soak_kmem_came_back $((came_back / 1024)) MiB"
echo "# soak_kmem_window_most $((most / 1024)) MiB, least $((least / 1024)) MiB"
is "$spoilt" 0 "the kernel's objects are as they were, $takes times"
check 'they were kept, and told of' test $objects -ge $((3 * takes)) -a $takes -ge 1
check 'memory came back to the host meanwhile' test $came_back -gt 0
# shellcheck disable=SC2016 # expanded in the domain
check 'the host served it to the end' guest 'cat /sys/kernel/debug/slabvisor/stats; [ "$(awk "\$1 == \"fallback_down\" { print \$2 }" /sys/kernel/debug/slabvisor/stats)" = 0 ]'
sed 's/^/# /' "$out"
is "$("$B/soak/rounds" sum "$image" 0 $data)" "$right" 'the disk is as it was, on the host too'
check 'the module goes' unloads
check 'and all memory goes back' until_true 60 nothing_in_use
check "the domain's kernel had nothing to complain of" guest '! dmesg -r | grep -E "^<[0-3]>"'
check 'the domain ends' virsh destroy t
check 'undefined' virsh undefine t
end_daemons
done_testing
