#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# QEMU machines, pc and q35, that have their memory service of `slabvisor serve` over ivshmem: what
# the module and programs do there is what tests/nested/module.t sees them do over virtio. Then one
# whose service is killed under load, and one whose service ends.
set -u

# shellcheck source=tests/libvirt/kmem-machine.sh
. tests/libvirt/kmem-machine.sh
needs build/slabvisor build/tests/module/svtest build/tests/module/attack
programs=("$PWD/build/tests/module/svtest" "$PWD/build/tests/module/attack" "$PWD/build/libslabvisor-malloc.so"
	perl bash sqlite3)
make_initrd tests/nested/module-init.sh "${programs[@]}" || exit 1
bins="svtest=${programs[0]} attack=${programs[1]} preload=${programs[2]} interrupts=${INTERRUPTS:-2000}"
# How many objects timers allocate in the self-test, above, and how many random calls a program with
# rights makes on the first machine. The machines' kernels look for what is written beyond the end of
# their own objects, or after these were freed (slub_debug).
attacks=${ATTACK:-100000}

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	tail -n 25 "$out" | tr -d '\r'
	tail -n 20 "$work/service"
}

# stats NAME: the last that the guest said of it.
stats() {
	tr -d '\r' <"$out" | sed -n "s/^guest: stats $1 //p" | tail -n 1
}

at_least() { # NAME N
	local value
	value=$(stats "$1")
	[ "${value:-0}" -ge "$2" ]
}

# warnings: of the kernel's complaints those that are not of the emulated machine's slowness.
warnings() {
	complaints | grep -E 'slabvisor|svm|WARNING|BUG|Oops|Call Trace|ODEBUG|blocked for more'
}

whole() { # TYPE CMDLINE
	local start
	check "$1: the service starts" serve --kmem-max 2G
	start=$(backed)
	machine "$1" "$bins stays=1 $2"
	hear 'guest: is idle'
	check "$1: memory is in use while the guest has some" test "$(backed)" -gt "$start"
	echo go >&3
	hear 'guest: is done'
	# Control page, mailboxes and page map stay.
	all_back() { [ "$(backed)" -le $((start + 2048)) ]; }
	check "$1: all memory of the window is given back when the module is gone" until_true 60 all_back
	echo go >&3
	goes
	check "$1: the machine ends by itself" test $status = 0
	wait "$service"
	is $? 0 "$1: and the service with it"
	service=
	check "$1: loads the module" said '^guest: loaded slabvisor'
	passes "$1, in the kernel" ktap
	passes "$1, a program" program
	passes "$1, random calls" attack
	for program in perl bash sqlite3; do
		check "$1: $program does with the host's memory what it does without" \
			said "^guest: $program does the same"
	done
	check "$1: a program that is preloaded has its memory of the host" \
		said '^guest: perl has pages [0-9]{4}'
	check "$1: each queue was used" test "$(tr -d '\r' <"$out" |
		grep -cE '^guest: queues queue [01] requests [1-9]')" = 2
	check "$1: unloads the module" said '^guest: unloaded slabvisor'
	is "$(warnings)" '' "$1: its kernel does not complain of the module"
}

killed() { # TYPE SIGNAL WHAT-THE-KERNEL-SAYS
	check "$1, $2: the service starts" serve --kmem-max 2G
	machine "$1" "$bins killed=1"
	hear 'guest: is under load'
	hears() { # NAME N: the guest says at least so many
		heard=$(grep -c 'guest: heard look' "$out")
		echo look >&3
		hear 'guest: heard look' $((heard + 1))
		at_least "$1" "$2"
	}
	check "$1, $2: there is a load on the host" until_true 600 hears host_requests 100
	is "$(stats fallback_down)" 0 "$1, $2: the host serves it"
	kill "-$2" "$service"
	wait "$service" 2>/dev/null
	service=
	check "$1, $2: allocations go on by the guest's own allocator" until_true 600 hears fallback_down 1000
	more=$(($(stats fallback_down) + 1000))
	check "$1, $2: and on" until_true 600 hears fallback_down $more
	echo go >&3
	goes
	check "$1, $2: the machine ends by itself" test $status = 0
	passes "$1, $2, in the kernel" ktap
	passes "$1, $2, a program" program
	check "$1, $2: frees are dropped and counted" at_least dropped 1
	check "$1, $2: unloads the module" said '^guest: unloaded slabvisor'
	is "$(tr -d '\r' <"$out" | sed -n 's/^guest: dmesg //p' | grep -v -e 'MiB of the host' -e taint)" \
		"slabvisor: $3: memory comes from the kernel's own allocator" \
		"$1, $2: one line of the kernel's log says so"
	is "$(warnings | grep -v "slabvisor: $3")" '' \
		"$1, $2: its kernel has nothing else to complain of"
}

# OVMF puts the window into an uncachable range: it is refused, and taken without the range.
uncached() {
	check "uncached: the service starts" serve --kmem-max 2G
	machine q35 "svtest=${programs[0]} uncached=1 stays=1" -bios /usr/share/ovmf/OVMF.fd
	hear "guest: is idle"
	echo go >&3
	hear "guest: is done"
	echo go >&3
	goes
	check "a window that is uncached is refused, and what to do is said" \
		said "^guest: uncached slabvisor .*uncached, as OVMF does.*write disable=N to .proc.mtrr"
	check "without the uncachable range the module loads" said "^guest: loaded slabvisor"
	passes "uncached, in the kernel" ktap
	passes "uncached, a program" program
	wait "$service"
	service=
}

# A window that does not lie above 4 GiB, and one that is for something else.
refused() {
	tests/libvirt/small_window.py "$work/small" 256 &
	service=$!
	check 'a small window is served' until_true 60 listens "$work/small"
	mv "$work/small" "$work/kmem"
	machine q35 refused=1 -object memory-backend-ram,id=other,size=1M,share=on \
		-device ivshmem-plain,memdev=other
	goes
	check 'a window below 4 GiB is refused, and why is said' \
		said '^guest: dmesg slabvisor .*the window at 0x[0-9a-f]* is below 4 GiB, where memory is uncached'
	is "$(tr -d '\r' <"$out" | grep '^guest: dmesg' | grep -v 'is below 4 GiB' | grep -v taint)" '' \
		'what is for something else is left alone'
	wait "$service"
	service=
}

for type in ${MACHINES:-pc q35}; do
	whole "$type" "attacks=$attacks slub_debug=FZP"
	attacks=500
done
killed q35 KILL 'the host does not answer'
killed pc TERM "the host's service has ended"
uncached
refused
done_testing
