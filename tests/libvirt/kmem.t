#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# libvirt domains, pc and q35, with a disk and a memory service, started by the hook. In one process: the
# module's self-test, a program's memory and its I/O on the served disk, what comes back to the host, and
# what is refused. In two: that they work. What the module does on a memory service is kmem_guest.t's.
set -u

. tests/libvirt/namespace.sh
. tests/lib.sh
. tests/libvirt/daemon.sh
. tests/libvirt/kmem-domain.sh

make_initrd "$B/tests/module/svtest" || exit 1
truncate -s 256M "$image"

resident() { awk '$1 == "RssShmem:" { print $2 }' "/proc/$(pgrep -f "$emulator.*guest=t")/status"; }
# Page map, mailboxes and control page are there from the start.
reserve=2048
as_the_account_says() { [ "$(stored)" = $(($(asked frames-backed) * 4 + reserve)) ]; }
given_back() { as_the_account_says && nothing_in_use; }
refused() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
sys.exit(s.recv(8) != b"\xff" * 8)' $kmem
}

whole() { # MACHINE
	local with
	domain "$1" >"$work/domain.xml"
	boots "$1"
	is "$(service | wc -l)" 1 "$1: one service has both"
	check "$1: a second client is refused" refused
	! virsh save t "$work/saved" && grep -q 'peer mode' "$err"
	ok $? "$1: save is refused"

	# Before there is a driver, whose window it is.
	# shellcheck disable=SC2016 # expanded in the domain
	check "$1: the domain touches pages that it was not given" guest 'for d in /sys/bus/pci/devices/*; do [ "$(cat $d/device)" != 0x1110 ] || at=$(awk "NR == 3 { print \$1 }" $d/resource); done; for i in 1 2 3 4 5; do devmem $(printf "0x%x" $((at + 0x40000000 + i * 0x200000))) 32 1 || exit 1; done'
	check "$1: the module loads" guest 'insmod /slabvisor.ko && dmesg | grep "MiB of the host"'
	strays() { [ "$(asked stray-pages)" -ge 5 ]; }
	check "$1: they are given back, and counted" until_true 60 strays
	# shellcheck disable=SC2016 # expanded in the domain
	check "$1: its self-test passes" guest 'insmod /slabvisor_selftest.ko && dmesg | grep -qE "ok [0-9]" && ! dmesg | grep -E "(^|[^a-z])not ok"; s=$?; rmmod slabvisor_selftest; exit $s'
	check "$1: a program has memory of the host, and reads and writes it on the disk" guest '/svtest /dev/vda'
	pinned() { "$SLABVISOR" ctl t query-io 2>/dev/null | grep -q '"pins": [1-9]'; }
	check "$1: the disk pinned what lies in the window meanwhile" pinned
	with=$(resident)
	check "$1: what the memfd has is what the account says" until_true 60 as_the_account_says
	check "$1: the module goes" unloads
	check "$1: with it all memory goes back" until_true 60 given_back
	falls() { [ "$(resident)" -lt "$with" ]; }
	check "$1: QEMU's resident memory falls" until_true 60 falls
	echo "# $1: QEMU's RssShmem $with KiB with the module, $(resident) after it"

	check "$1: the module loads again, and is under load" guest 'mount -t debugfs debugfs /sys/kernel/debug; insmod /slabvisor.ko && insmod /slabvisor_selftest.ko hold=1'
	kill -KILL "$(service)"
	# shellcheck disable=SC2016 # expanded in the domain
	goes_on() { guest '[ "$(awk "\$1 == \"fallback_down\" { print \$2 }" /sys/kernel/debug/slabvisor/stats)" -gt 1000 ]'; }
	check "$1: with the service killed its allocations go on by the guest's own allocator" until_true 300 goes_on
	# shellcheck disable=SC2016 # expanded in the domain
	check "$1: what was out is as it was written" guest 'rmmod slabvisor_selftest && ! dmesg | grep -E "(^|[^a-z])not ok"'
	# shellcheck disable=SC2016 # expanded in the domain
	check "$1: and one line says so" guest '[ "$(dmesg | grep -c "the host does not answer")" = 1 ]'
	is "$(state)" running "$1: the domain runs on"
	check "$1: the domain ends" virsh destroy t
	check "$1: and the service, which the hook had started again for the disk" until_true 60 no_service
	check "$1: undefined" virsh undefine t
}

# What svtest has left at the disk's start, in the file that the host has.
written() {
	python3 -c 'import array, sys
with open(sys.argv[1], "rb") as image:
    words = array.array("I", image.read(8 << 20))
wrong = sum(word != (77 + i * 2654435761) & 0xFFFFFFFF for i, word in enumerate(words))
sys.exit("%d of %d words are wrong" % (wrong, len(words)) if wrong else 0)' "$image"
}

# lean NAME MACHINE PROCESSES: a domain of which all is asked that depends on those.
lean() {
	local processes=$3 at
	domain "$2" >"$work/domain.xml"
	truncate -s 0 "$image"
	truncate -s 256M "$image"
	boots "$1"
	is "$(service | wc -l)" "$processes" "$1: so many services have disk and memory"
	check "$1: the module loads" guest 'insmod /slabvisor.ko && dmesg | grep "MiB of the host"'
	# shellcheck disable=SC2016 # expanded in the domain
	check "$1: its window lies above 4 GiB" guest 'for d in /sys/bus/pci/devices/*; do [ "$(cat $d/device)" != 0x1110 ] || awk "NR == 3 { print \$1; exit length(\$1) != 18 || \$1 < \"0x0000000100000000\" }" $d/resource || exit 1; done'
	at=$(<"$out")
	echo "# $1: the window is at $at"
	# shellcheck disable=SC2016 # expanded in the domain
	check "$1: its self-test passes" guest 'insmod /slabvisor_selftest.ko && dmesg | grep -qE "ok [0-9]" && ! dmesg | grep -E "(^|[^a-z])not ok"; s=$?; rmmod slabvisor_selftest; exit $s'
	check "$1: a program has memory of the host, and reads and writes it on the disk" guest '/svtest /dev/vda'
	check "$1: which has what it wrote" written
	check "$1: the module goes" unloads
	check "$1: with it all memory goes back" until_true 60 given_back
	check "$1: the domain ends" virsh destroy t
	check "$1: and its services" until_true 60 no_service
	check "$1: undefined" virsh undefine t
}

start_daemons
for type in ${MACHINES:-pc q35}; do
	whole "$type"
done
lean 'two processes' q35 2
end_daemons
done_testing
